"""docs/api.md: it is whole, its links lead somewhere, and its examples do on a server what the page says."""

from __future__ import annotations

import asyncio
import copy
import json
import re
import shlex
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from reward_service import errors
from reward_service.api.metrics import Metrics
from reward_service.apidoc import api_page
from reward_service.apidoc.page import api_words
from reward_service.apidoc.routes import Route, routes
from reward_service.apidoc.shapes import Shapes
from reward_service.apidoc.tables import declared
from reward_service.apidoc.wire import Wire
from reward_service.app import create_app, openapi_document
from reward_service.catalogue import build_catalogue
from reward_service.engine import Engine
from reward_service.errors import ConfigurationError
from reward_service.lexicons import load_lexicon
from reward_service.models.fakes import fake_pack
from reward_service.settings import Settings
from shared import schema

KEY = "documented-key"


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    return openapi_document()


@pytest.fixture(scope="module")
def page(document: dict[str, Any]) -> str:
    return api_page(document)


def _routes(document: dict[str, Any]) -> list[Route]:
    return routes(document, Shapes(document, Wire()), api_words(document))


def _section(page: str, heading: str) -> str:
    """What stands below a heading of the second or third rank."""
    return re.split(r"^##+ ", page.split(f"\n{heading}\n", 1)[1], maxsplit=1, flags=re.MULTILINE)[0]


# --- it is whole ---


def test_the_same_document_gives_the_same_page(document: dict[str, Any], page: str) -> None:
    assert api_page(copy.deepcopy(document)) == page


def test_every_route_has_a_section_with_its_statuses(document: dict[str, Any], page: str) -> None:
    found = _routes(document)
    assert len(found) >= 8
    for route in found:
        section = _section(page, f"## `{route.name}`")
        assert f"The answer, {route.status}, is" in section
        overview = next(line for line in page.splitlines() if line.startswith(f"| [`{route.name}`]"))
        assert overview.endswith(f"| {', '.join(route.refusals) or '–'} |")


def test_every_parameter_is_in_its_route(document: dict[str, Any], page: str) -> None:
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            section = _section(page, f"## `{method.upper()} {path}`")
            for parameter in operation.get("parameters", ()):
                assert f"| `{parameter['name']}` | {parameter['in']} |" in section, parameter


def test_every_field_of_the_wire_is_in_a_table_with_its_docstring(
    document: dict[str, Any], page: str
) -> None:
    wire = Wire()
    rows = [line for line in page.splitlines() if line.startswith("| `")]
    seen = 0
    for owner, model in document["components"]["schemas"].items():
        for name in model.get("properties", ()):
            of_this_name = [row for row in rows if re.match(rf"\| `(\S*[.\]])?{name}` \|", row)]
            assert of_this_name, (owner, name)
            said = wire.doc(owner, name).replace("None", "`null`").replace("|", "\\|")
            assert any(said in row for row in of_this_name), (owner, name)
            seen += bool(said)
    assert seen > 25


def test_every_error_has_its_row_and_no_other(page: str) -> None:
    section = _section(page, "## Errors")
    codes = {
        (str(each.status), each.code)
        for each in vars(errors).values()
        if isinstance(each, type) and issubclass(each, errors.TouchstoneError) and "code" in vars(each)
    }
    assert len(codes) >= 14
    assert set(re.findall(r"^\| (\d{3}) \| `(\w+)` \| \S", section, re.MULTILINE)) == codes


def test_every_metric_has_its_labels(page: str) -> None:
    section = _section(page, "## Metrics")
    assert "| `touchstone_requests_total` | counter | `route`, `status` |" in section
    assert "| `touchstone_model_tokens_total` | counter | `worker` |" in section
    for name, labels in declared(Metrics().registry).items():
        if f"| `{name}` |" in section:
            row = section.split(f"| `{name}` |")[1].splitlines()[0]
            assert all(f"`{label}`" in row for label in labels), name


def test_every_link_leads_somewhere(page: str, root: Path) -> None:
    headings = re.findall(r"^##+ (.+)$", page, re.MULTILINE)
    anchors = {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
    assert len(anchors) == len(headings)
    links = re.findall(r"\]\(([^)]+)\)", page)
    assert len(links) > 20
    for link in links:
        if link.startswith("#"):
            assert link[1:] in anchors
        else:
            assert (root / "docs" / link).is_file(), link


def test_no_cell_breaks_its_table(page: str) -> None:
    columns = 0
    for line in page.splitlines():
        if not line.startswith("|"):
            columns = 0
            continue
        found = len(re.findall(r"(?<!\\)\|", line))
        assert columns in {0, found}, line
        columns = found


# --- the examples ---


def curl_of(block: str) -> tuple[str, str, dict[str, str], str | None]:
    """Method, URL, headers and body of a curl line, as a shell would read it."""
    words = iter(shlex.split(block.replace("\\\n", " ")))
    assert [next(words), next(words)] == ["curl", "-s"]
    method, url, headers, body = "GET", "", {}, None
    for word in words:
        match word:
            case "-X":
                method = next(words)
            case "-H":
                name, _, value = next(words).partition(": ")
                headers[name] = value
            case "-d":
                body, method = next(words), "POST"
            case _:
                assert not url, word
                url = word
    return method, url, headers, body


@asynccontextmanager
async def served(folder: Path) -> AsyncIterator[httpx.AsyncClient]:
    """The real application with the real engine on fake models, which keeps checks and wants a key."""
    settings = Settings.model_validate(
        {
            "api_keys": KEY,
            "record_checks": True,
            "database_url": f"sqlite:///{folder / 'checks.db'}",
        }
    )
    engine = Engine(fake_pack, build_catalogue(load_lexicon(settings.lexicon)))
    app = create_app(settings, engine)
    async with app.router.lifespan_context(app):
        async with asyncio.timeout(60):
            while not engine.ready:
                assert app.state.context.failure is None, app.state.context.failure
                await asyncio.sleep(0.01)
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8080") as client:
            yield client


@pytest.mark.parametrize("name", [route.name for route in _routes(openapi_document())])
@pytest.mark.anyio
async def test_the_example_gets_the_status_that_the_page_says(name: str, page: str, tmp_path: Path) -> None:
    section = _section(page, f"## `{name}`")
    method, url, headers, body = curl_of(section.split("```sh\n")[1].split("```")[0])
    assert method == name.split()[0]
    status = re.search(r"^The answer, (\d{3}), is", section, re.MULTILINE)
    assert status is not None
    bearer = {"Authorization": f"Bearer {KEY}"}
    async with served(tmp_path) as client:
        if "$ID" in url:
            check = await client.post(
                "/check", json={"question": "Why?", "answer": "Because."}, headers=bearer
            )
            assert check.json()["record_id"] is not None, check.text
            url = url.replace("$ID", check.json()["record_id"])
        assert "$" not in url
        keyed = {header: value.replace("$KEY", KEY) for header, value in headers.items()}
        answer = await client.request(method, url, headers=keyed, content=body)
        assert answer.status_code == int(status[1]), answer.text
        overview = next(line for line in page.splitlines() if line.startswith(f"| [`{name}`]"))
        if "| yes |" in overview:
            del keyed["Authorization"]
            refused = await client.request(method, url, headers=keyed, content=body)
            assert refused.status_code == 401
        else:
            assert "Authorization" not in headers


def test_the_example_answers_are_answers(document: dict[str, Any], page: str) -> None:
    shown = 0
    for route in _routes(document):
        if route.example_answer:
            model = getattr(schema, route.answer[0].strip("`"))
            given = json.loads(route.example_answer)
            assert model.model_validate(given).model_dump(mode="json") == given, route.name
            assert f"```json\n{route.example_answer}\n```" in page
            shown += 1
    assert shown >= 2
    example = json.loads(_section(page, "## Errors").split("```json\n")[1].split("```")[0])
    assert schema.ErrorResponse.model_validate(example).model_dump() == example


def test_words_about_a_route_that_is_gone_are_an_error(document: dict[str, Any]) -> None:
    without = copy.deepcopy(document)
    del without["paths"]["/score"]
    with pytest.raises(ConfigurationError, match=r"words\.yaml, routes: there is no POST /score"):
        api_page(without)
