"""The plan as a table and a verdict."""

from __future__ import annotations

from rich.markup import escape
from rich.table import Table

from trainer.memory.items import GIB
from trainer.memory.plan import Plan
from trainer.memory.savings import Saving

PHASES = {"always": "", "generating": "while generating", "updating": "while updating"}


def plan_table(plan: Plan) -> Table:
    """Every item, how it is computed, and when it is taken."""
    table = Table(title="Memory plan (estimated, not measured)", show_footer=False)
    for heading, justify in (("item", "left"), ("how computed", "left"), ("when", "left"), ("GiB", "right")):
        table.add_column(heading, justify=justify)  # type: ignore[arg-type]
    for group, items in (("", plan.others), ("training: ", plan.training), ("vLLM: ", plan.vllm)):
        for item in items:
            table.add_row(group + item.name, escape(item.how), PHASES[item.when], f"{item.size / GIB:.2f}")
        table.add_section()
    awake = 0.0 if plan.sleeps else plan.needed_by_vllm
    table.add_row("needed while generating", "", "", f"{(plan.generating + plan.needed_by_vllm) / GIB:.2f}")
    asleep = "vLLM sleeps" if plan.sleeps else ""
    table.add_row("needed while updating", asleep, "", f"{(plan.updating + awake) / GIB:.2f}")
    table.add_row("the card", "", "", f"{plan.total / GIB:.2f}")
    return table


def verdict(plan: Plan, helpful: list[Saving]) -> str:
    """Whether it fits, and with what room; or why not, and what would help."""
    if plan.problems:
        lines = [f"does not fit: {problem}" for problem in plan.problems]
        if plan.peak > plan.total:
            lines += ["What would help:", *(f"  {saving}" for saving in helpful)]
        elif plan.room >= plan.needed_by_vllm:
            lines.append("  --set policy.gpu_memory_utilization=auto derives a share that fits")
        return "\n".join(lines)
    lines = [f"fits, with {(plan.total - plan.peak) / GIB:.2f} GiB to spare"]
    if plan.vllm:
        of = "of what is free when it loads" if plan.settings.policy.backend == "unsloth" else "of the card"
        lines.append(f"vLLM gets {plan.share / GIB:.2f} GiB: gpu_memory_utilization {plan.utilization} {of}")
    return "\n".join(lines)
