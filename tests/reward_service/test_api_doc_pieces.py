"""Whatever routes and models come are described: the pieces of docs/api.md, on routes of its own."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Literal

from fastapi import FastAPI, Query
from pydantic import BaseModel, Field

from reward_service.apidoc.routes import Route, Words, made_up, pretty, routes
from reward_service.apidoc.shapes import Shapes
from reward_service.apidoc.wire import UNKNOWN, Wire
from tests.reward_service.test_api_doc import curl_of


class Colour(BaseModel):
    """A colour."""

    name: Literal["red", "blue"]


class Brush(BaseModel):
    """What paints."""

    width: float = Field(gt=0, le=10, description="In centimetres.")
    colour: Colour
    hairs: dict[str, Colour] | None = None


class Picture(BaseModel):
    """What is painted."""

    brushes: list[Brush] = Field(min_length=1, max_length=3)
    title: str | list[Colour]
    note: str | None = Field(default=None, max_length=20, description="One | two.")
    mark: tuple[int, int] = (0, 1)


def _painting() -> Iterator[Route]:
    app = FastAPI()

    @app.post("/pictures/{id}", summary="Paint")
    def paint(id: str, body: Picture, dry: Annotated[int, Query(ge=1, description="Hours.")] = 2) -> Picture:
        """Twice  over."""
        raise NotImplementedError(id, body, dry)

    document = app.openapi()
    yield from routes(document, Shapes(document, Wire()), {})


@dataclass(frozen=True, slots=True)
class Row:
    type: str
    default: str
    doc: str


def test_a_new_route_is_described_without_a_word_about_it() -> None:
    [route] = _painting()
    assert (route.name, route.anchor) == ("POST /pictures/{id}", "post-picturesid")
    assert (route.summary, route.doc, route.status, route.keyed) == ("Paint", "Twice over.", "200", False)
    given = {each.field.path: (each.place, each.field.type, each.field.default) for each in route.parameters}
    assert given == {
        "id": ("path", "string", "required"),
        "dry": ("query", "integer (at least 1)", "`2`"),
    }
    method, url, _, body = curl_of(route.curl)
    assert (method, url) == ("POST", "http://127.0.0.1:8080/pictures/$ID")
    assert Picture.model_validate(json.loads(str(body))).brushes[0].width == 1


def test_fields_are_described_where_they_are_used_once_and_apart_where_more_often() -> None:
    app = FastAPI()

    @app.post("/pictures", summary="Paint")
    def paint(body: Picture) -> None:
        raise NotImplementedError(body)

    document = app.openapi()
    shapes = Shapes(document, Wire())
    [route] = routes(document, shapes, {})
    assert route.request is not None
    rows = {field.path: Row(field.type, field.default, field.doc) for field in route.request[1]}
    assert rows == {
        "brushes": Row("list of objects (at least 1, at most 3)", "required", "What paints."),
        "brushes[].width": Row("number (over 0, at most 10)", "required", "In centimetres."),
        "brushes[].colour": Row("[`Colour`](#colour)", "required", "A colour."),
        "brushes[].hairs": Row("object: name → [`Colour`](#colour) or null", "–", "A colour."),
        "title": Row("string or list of [`Colour`](#colour)", "required", ""),
        "note": Row("string (at most 20 characters) or null", "–", "One \\| two."),
        "mark": Row("[integer, integer]", "`[0, 1]`", ""),
    }
    [colour] = [shape for shape in shapes.shared() if shape.name == "Colour"]
    assert [field.type for field in colour.fields] == ["`red` or `blue`"]


def test_forms_of_a_field_are_listed_with_their_values() -> None:
    shapes = Shapes({"components": {"schemas": {"State": {"enum": ["open", "shut"]}}}}, Wire())
    state = {"$ref": "#/components/schemas/State"}
    assert (
        shapes.type({"anyOf": [state, {"const": "all"}, {"type": "null"}]}) == "`open`, `shut`, `all` or null"
    )
    numbers = {"type": "object", "additionalProperties": {"anyOf": [{"type": "number"}, {"type": "null"}]}}
    assert shapes.type({"anyOf": [numbers, {"type": "null"}]}) == "object: name → (number or null) or null"


def test_an_example_takes_no_more_than_is_required() -> None:
    document = {"components": {"schemas": {"Picture": Picture.model_json_schema()}}}
    assert made_up({"anyOf": [{"type": "boolean"}, {"type": "null"}]}, document) is True
    assert made_up({"type": "array", "items": {"enum": ["b", "a"]}, "minItems": 2}, document) == ["b", "b"]
    assert made_up({"type": "integer", "minimum": 5}, document) == 5


def test_words_take_precedence() -> None:
    app = FastAPI()

    @app.post("/colours", summary="Mix")
    def mix(body: Colour) -> None:
        raise NotImplementedError(body)

    document = app.openapi()
    said = {"POST /colours": Words(request={"name": "blue"}, query="?a=1", note="It isn't dry.\n")}
    [route] = routes(document, Shapes(document, Wire()), said)
    assert curl_of(route.curl)[1] == "http://127.0.0.1:8080/colours?a=1"
    assert json.loads(str(curl_of(route.curl)[3])) == {"name": "blue"}
    assert route.note == "It isn't dry."


def test_the_wire_tells_its_docstrings_and_made_defaults() -> None:
    wire = Wire()
    assert wire.default("ScoreRequest", "rewards") == ["full_coherence_reward"]
    assert wire.default("ScoreRequest", "items") is UNKNOWN
    assert wire.default("Nobody", "items") is UNKNOWN
    assert wire.default("Detail", "SCORES") is UNKNOWN
    assert wire.doc("ErrorDetail", "message") == "A sentence for people."
    assert wire.doc("ErrorDetail", "nothing") == ""
    assert wire.members("Outcome", ["pass", "review"]) == ["`review`: a person should look at it"]


def test_short_json_stands_on_one_line() -> None:
    assert pretty({"a": [1, "ä"]}) == '{"a": [1, "ä"]}'
    long = {"a": "x" * 100, "b": [1, {}]}
    assert pretty(long) == '{\n  "a": "' + "x" * 100 + '",\n  "b": [1, {}]\n}'
    assert json.loads(pretty([long, long])) == [long, long]
