"""`atlas plan`: every item the plan names, its status, its features and what it changes."""

from __future__ import annotations

from typing import Any

import click

from atlas.base.words import both, say_in, word_table
from atlas.cli.options import format_options, mode_option, session_option, talk_options
from atlas.cli.output import Answer, Column, Sink, emit, rows_of, tell, tongue
from atlas.cli.session import Choice, Session

__all__ = ["command"]

_LIST = (
    Column("id", "id"),
    Column("kind", "kind"),
    Column("stage", "stage"),
    Column("name_zh", "name"),
    Column("status", "status"),
    Column("status_date", "as of"),
    Column("opens_year", "from"),
    Column("opens_basis", "basis"),
    Column("resolution", "in the atlas"),
    Column("counts", "counts"),
    Column("counts_from", "counts from"),
    Column("course", "course"),
)
_CHANGES = (
    Column("item", "id"),
    Column("name_zh", "name"),
    Column("before", "then"),
    Column("before_date", "as of"),
    Column("after", "now"),
    Column("after_date", "as of"),
    Column("source", "source"),
)
_KILOMETRES = (
    Column("corridor", "corridor"),
    Column("name_zh", "name"),
    Column("mode", "mode"),
    Column("status", "status"),
    Column("city", "city"),
    Column("km", "km"),
    Column("published_km", "of published length"),
    Column("lines", "lines"),
)
_FACTS = (Column("what", "what"), Column("value", "value"))


@click.group(name="plan", invoke_without_command=True)
@session_option
@talk_options
@click.pass_context
def command(ctx: click.Context) -> None:
    """List the plan's items, show one, say what has changed, or count kilometres.

    Without a sub-command: list all items.

    \b
    Example:
      atlas plan
      atlas plan list --kind railway --status under_construction
      atlas plan show 黄茅海通道
      atlas plan changes
    """
    if ctx.invoked_subcommand is None:
        ctx.invoke(list_items)


@command.command(name="list")
@click.option("--kind", multiple=True, help="May be repeated.")
@click.option("--stage", multiple=True, help="May be repeated.")
@click.option("--status", multiple=True, help="May be repeated.")
@click.option("--city", multiple=True, help="Items that touch this city; may be repeated.")
@click.option("--corridor", multiple=True, metavar="ID", help="Items that share a feature with it; may be repeated.")
@click.option("--year", type=int, help="Items all of whose features count in that year.")
@click.option("--as-of", "date", metavar="DATE", help="Status as of this date (2024, 2024-06 or 2024-06-30).")
@format_options("table", "json", "csv")
@session_option
@talk_options
@click.pass_obj
def list_items(session: Session, /, sink: Sink, date: str | None, **filters: Any) -> None:
    """List the plan's items that satisfy every filter given, and how each counts.

    In the column counts: year (as a whole in a year's scenario), full-known and full (wholly in these alone), goods (a
    railway nobody rides), site, corridor (with its lines), target (a claim), drawn (on the map only), none.

    \b
    Example:
      atlas plan list --city 阳江 --year 2030
      atlas plan list --as-of 2024-06 --format csv
    """
    from atlas.data.counting import held_by_full
    from atlas.data.register import item_table, select

    register = session.catalog.plan
    table = item_table(register, _frames(session), date=date)
    chosen = select(table, **{name: value for name, value in filters.items() if value})
    tell("answer.items_as_of" if date else "answer.items", count=len(chosen), all=len(register), date=date)
    full, known, lacking = held_by_full(table)
    transport = int((table["counts"] != "outside").sum())
    tell("answer.full_holds", full=full, all=transport, known=known)
    reasons = {str(row["id"]): str(row["reason"] or "drawn only") for row in rows_of(lacking)}
    for row in rows_of(lacking):
        tell("answer.not_in_full", id=row["id"], name=row["name_zh"], reason=reasons[str(row["id"])])
    about = {
        "items_in_plan": len(register),
        "items_of_transport": transport,
        "as_of": date or "last known",
        "in_full": full,
        "in_full_known": known,
        "not_in_full": reasons,
    }
    emit(Answer(_LIST, rows_of(chosen), about, "items"), sink)


@command.command()
@click.argument("item")
@mode_option
@click.option("--no-effect", is_flag=True, help="Leave out what the item changes (saves a few seconds).")
@format_options("table", "json", "csv")
@session_option
@talk_options
@click.pass_obj
def show(session: Session, item: str, mode: str, no_effect: bool, sink: Sink) -> None:
    """Show one ITEM (id or name): wording, reading, features, history, and what it changes.

    The effect compares a scenario that holds it as a whole, full, with and without the item: pairs of seats that become
    slower without it, and by how many minutes.

    \b
    Example:
      atlas plan show plan-hwy-23
      atlas plan show 黄茅海通道 --format json
    """
    import pandas as pd

    from atlas.data.register import item_table

    register = session.catalog.plan
    found = register[item]
    resolution = register.resolve(found.id)
    names = {(key, str(row["id"])): row for key, frame in _frames(session).items() for row in frame.to_dict("records")}
    features = [
        {
            "feature": f"{link.layer}/{link.feature_id}",
            "name_zh": names.get((link.layer, link.feature_id), {}).get("name_zh", ""),
            "status": names.get((link.layer, link.feature_id), {}).get("status", ""),
            "opens_year": names.get((link.layer, link.feature_id), {}).get("opens_year"),
            "opens_basis": names.get((link.layer, link.feature_id), {}).get("opens_basis", ""),
            "how": link.how,
        }
        for link in resolution.links
    ]
    history = [
        {"date": e.date, "status": e.status, "basis": e.basis, "source": e.source, "note": e.note}
        for e in register.history.of(found.id)
    ]
    lang = tongue() if sink.chosen == "table" else "en"

    def told(key: str, value: str, **facts: object) -> dict[str, str]:
        return {"what": say_in(lang, f"item_show.{key}", **facts), "value": value}

    def code(table: str, name: str) -> str:
        """The words of a code in Chinese; English answers give the code, which filters and files have too."""
        words = word_table(table)
        return words[name].zh if lang == "zh" and name in words else name

    kinds = say_in(lang, "item_show.kinds", kind=code("item_kind", found.kind), stage=code("stage", found.stage))
    because = register.translated(resolution.reason) if lang == "zh" else resolution.reason
    reason = f"{say_in(lang, 'item_show.colon')}{because}" if because else ""
    rows = [
        told("id", found.id),
        told("name", f"{found.name_zh} / {found.name_en}"),
        told("kind", kinds),
        told("section", found.section if lang == "zh" else register.translated(found.section)),
        told("wording", found.wording),
        told("reading", register.translated(found.reading) if lang == "zh" else found.reading),
        told("in_atlas", code("resolution", resolution.kind) + reason),
    ]
    count = item_table(register, _frames(session)).set_index("id").loc[found.id]
    from_year, course = count["counts_from"], str(count["course"] or "")
    first: str = "" if pd.isna(from_year) else say_in(lang, "item_show.counts_first", year=from_year)
    along = say_in(lang, "item_show.course", course=code("count_course", course)) if course else ""
    rows.append(told("counts", f"{code('count_how', str(count['counts']))}{first}{along}"))
    rows += [
        told("feature", " ".join(filter(None, (row["feature"], row["name_zh"], code("status", row["status"])))))
        for row in features
    ]
    for past in history:
        status = code("item_status" if past["status"] in word_table("item_status") else "status", past["status"])
        history_told = say_in(lang, "item_show.history", status=status, source=past["source"])
        rows.append(told("status", history_told, date=past["date"]))
    effect = [] if no_effect or not features else _effect(session, found.id, mode)

    def minutes(value: float) -> str:
        return say_in(lang, "item_show.no_way") if value != value or value == float("inf") else f"{value:.0f}"

    for row in effect[:10]:
        times = {name: minutes(row[f"{name}_min"]) for name in ("before", "after", "saved")}
        ends = {"start": row["from_zh"], "end": row["to_zh"]}
        rows.append(told("without", say_in(lang, "item_show.effect", **ends, **times)))
    if features and not no_effect and not effect:
        by = both(f"mode.{mode}").zh if lang == "zh" else mode
        rows.append(told("without", say_in(lang, "item_show.no_effect", mode=by)))
    about = {
        "counts": count["counts"],
        "course": count["course"],
        "features": features,
        "history": history,
        "effect": effect,
        "effect_in": "full",
        "mode": mode,
    }
    emit(Answer(_FACTS, rows, about if sink.chosen == "json" else {}, "item"), sink)


def _effect(session: Session, item: str, mode: str) -> list[dict[str, Any]]:
    """Pairs of seats that are slower in the full plan without the item, greatest loss first."""
    from atlas.travel.comparison import compare

    whole = session.scenario(Choice(year="full"))
    change = compare(session.network, whole.but(without=[item]), whole, mode=mode)
    columns = ["from_zh", "to_zh", "before_min", "after_min", "saved_min"]
    return [dict(row) for row in rows_of(change.pairs[columns])]


@command.command()
@click.option("--since", default=None, metavar="DATE", help="Default: the day the plan was issued.")
@click.option("--until", default=None, metavar="DATE", help="Default: the last known.")
@format_options("table", "json", "csv")
@session_option
@talk_options
@click.pass_obj
def changes(session: Session, since: str | None, until: str | None, sink: Sink) -> None:
    """Say which items changed their status since the plan was issued.

    \b
    Example:
      atlas plan changes
      atlas plan changes --since 2025 --format csv
    """
    from atlas.data.register import ISSUED

    register = session.catalog.plan
    start = since or ISSUED
    rows = [
        {
            "item": change.item,
            "name_zh": register[change.item].name_zh,
            "before": change.before.status if change.before else "",
            "before_date": change.before.date if change.before else "",
            "after": change.after.status if change.after else "",
            "after_date": change.after.date if change.after else "",
            "source": change.after.source if change.after else "",
        }
        for change in register.history.changed_since(start, until)
    ]
    tell("answer.changed", count=len(rows), date=start)
    emit(Answer(_CHANGES, rows, {"since": start, "until": until or "last known"}, "changes"), sink)


@command.command()
@click.option("--by", default="mode,status", show_default=True, help="Any of mode, status, city, joined by commas.")
@click.option("--corridors", is_flag=True, help="By corridor as well.")
@click.option("--year", type=int, help="Only what counts in that year's scenario.")
@format_options("table", "json", "csv")
@session_option
@talk_options
@click.pass_obj
def kilometres(session: Session, by: str, corridors: bool, year: int | None, sink: Sink) -> None:
    """Count kilometres by mode, status, city and corridor, each stretch once.

    \b
    Example:
      atlas plan kilometres
      atlas plan kilometres --by mode,city --year 2030
      atlas plan kilometres --corridors
    """
    from atlas.plan.lengths import corridor_kilometres, stretches, total_kilometres

    columns = [part.strip() for part in by.split(",") if part.strip()]
    strange = [name for name in columns if name not in ("mode", "status", "city")]
    if strange or not columns:
        raise click.UsageError(f"--by takes mode, status and city, not {', '.join(strange) or 'nothing'}")
    table = stretches(_frames(session))
    if corridors:
        chosen = table if year is None else table[(table["opens_year"] <= year).fillna(False).astype(bool)]
        found = corridor_kilometres(chosen, session.catalog.plan, columns)
    else:
        found = total_kilometres(table, columns, year=year)
        tell("answer.km", km=found["km"].sum())
    shown = [column for column in _KILOMETRES if column.key in found]
    about = {"rule": "a stretch that two features share is counted once", "year": year}
    emit(Answer(shown, rows_of(found), about, "kilometres"), sink)


def _frames(session: Session) -> dict[str, Any]:
    return {key: layer.frame for key, layer in session.catalog.layers().items()}
