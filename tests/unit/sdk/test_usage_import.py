"""Files of usage: read one event at a time, sent in batches, each line once however often the import is interrupted."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal
from io import BytesIO
from pathlib import Path

import httpx
import pytest
import respx
from typer.testing import CliRunner, Result

from billing_sdk.cli.commands import app
from billing_sdk.cli.usage_file import Format, Line, Wording, digest_of, read_lines
from billing_sdk.errors import InvalidRequest
from billing_sdk.models import UsageEvent
from tests.unit.sdk.kit import SETTINGS
from tests.unit.sdk.test_usage_events import Door


def lines_of(text: str | bytes, form: Format = "csv", **wording: object) -> list[Line]:
    file = BytesIO(text.encode() if isinstance(text, str) else text)
    return list(read_lines(file, form, Wording(**{"file_digest": digest_of(file), **wording})))  # type: ignore[arg-type]


def only(lines: list[Line]) -> UsageEvent:
    (line,) = lines
    assert line.event is not None, line.error
    return line.event


def test_a_line_of_csv_says_an_event_by_the_headings() -> None:
    text = (
        "type,subject,value,time,id,source,dimensions.model,data.region\r\nt,s,1.50,2026-01-01T00:00:00Z,e,x,big,eu\r\n"
    )
    assert only(lines_of(text)) == UsageEvent(
        "t",
        "s",
        {"region": "eu", "value": "1.50", "dimensions": {"model": "big"}},
        "e",
        "x",
        datetime(2026, 1, 1, tzinfo=UTC),
    )


def test_a_line_of_json_says_the_same() -> None:
    said = {
        "type": "t",
        "subject": "s",
        "value": 2,
        "id": "e",
        "dimensions": {"model": "big"},
        "data": {"region": {"of": ["eu"]}},
    }
    assert only(lines_of(json.dumps(said), "jsonl")) == UsageEvent(
        "t", "s", {"region": {"of": ["eu"]}, "value": 2, "dimensions": {"model": "big"}}, "e"
    )


def test_a_cloud_event_says_its_value_in_its_data() -> None:
    said = '{"specversion":"1.0","id":"e","source":"x","type":"t","subject":"s","data":{"value":"7"}}\n'
    assert only(lines_of(said, "jsonl")) == UsageEvent("t", "s", {"value": "7"}, "e", "x")


def test_columns_of_other_names_and_parts_that_the_file_does_not_have_are_given() -> None:
    text = "user,tokens,subject,llm\nkp_1,5,ignored,big\n"
    columns = {"subject": "user", "value": "tokens", "dimensions.model": "llm"}
    event = only(lines_of(text, columns=columns, type="ai_tokens", source="x"))
    assert (event.type, event.subject, event.source) == ("ai_tokens", "kp_1", "x")
    assert event.data == {"value": "5", "dimensions": {"model": "big"}}


def ids_of(text: str, **wording: object) -> list[str | None]:
    return [line.event.id if line.event else None for line in lines_of(text, **wording)]


def test_a_line_without_an_id_gets_the_same_one_each_time_and_those_of_no_other_file() -> None:
    text = "type,subject\nt,s\nt,s\n"
    ids = ids_of(text)
    assert (ids, len(set(ids))) == (ids_of(text), 2)
    assert set(ids).isdisjoint(ids_of(text + "t,s\n"))
    assert ids_of(text, file_digest=None) == [None, None]  # as from standard input: nothing tells it from another


def test_a_value_that_is_not_there_is_not_made_up() -> None:
    assert [line.event.data for line in lines_of("type,subject,value\nt,s,\n") if line.event] == [{}]
    assert only(lines_of('{"type":"t","subject":"s","value":null}', "jsonl")).data == {}


def test_numbers_of_json_are_exact_and_a_mark_of_byte_order_is_none_of_them() -> None:
    said = '\ufeff{"type":"t","subject":"s","value":0.1,"data":{"share":2.50}}'
    assert only(lines_of(said, "jsonl")).data == {"value": Decimal("0.1"), "share": Decimal("2.50")}


def test_a_heading_that_means_nothing_is_refused_with_what_to_do() -> None:
    with pytest.raises(InvalidRequest, match="quantity") as refused:
        lines_of("type,subject,quantity\nt,s,5\n")
    assert "--column" in refused.value.remedy
    [line] = lines_of('{"type":"t","subject":"s","quantity":5}', "jsonl")
    assert line.error is not None


def test_a_cell_over_several_lines_is_one_record_and_places_are_right() -> None:
    text = '\ufefftype,subject,data.note\nt,s,"a\nb"\nt,s2,c\n'
    lines = lines_of(text)
    assert [(line.number, line.event.subject) for line in lines if line.event] == [(3, "s"), (4, "s2")]
    file = BytesIO(text.encode())
    rest = list(
        read_lines(file, "csv", Wording(file_digest=digest_of(file)), after=lines[0].ends_at, number=lines[0].number)
    )
    assert rest == lines[1:]


@pytest.mark.parametrize(
    ("line", "form"),
    [
        ("t,s,1,2026-01-01T00:00:00", "csv"),
        ("t,s,1,yesterday", "csv"),
        (",s,1,", "csv"),
        ("t,,1,", "csv"),
        ("t,s", "csv"),
        ("[1]", "jsonl"),
        ('{"type":"t","subject":"s","value":1,"value":2}', "jsonl"),
        ('{"type":"t","subject":"s","value":NaN}', "jsonl"),
        ('{"type":"t","subject":"s","dimensions":[1]}', "jsonl"),
        ('{"type":1,"subject":"s"}', "jsonl"),
        ('{"type":"t","subject":"s","time":5}', "jsonl"),
        ("[" * 100_000, "jsonl"),
    ],
)
def test_a_line_that_can_not_be_recorded_says_why_and_the_next_one_can(line: str, form: Format) -> None:
    headings = "type,subject,value,time\n" if form == "csv" else ""
    good = "t,s,1,\n" if form == "csv" else '{"type":"t","subject":"s"}\n'
    bad, fine = lines_of(f"{headings}{line}\n{good}", form)
    assert (bad.event, bad.error is not None) == (None, True)
    assert (fine.event is not None, fine.error) == (True, None)


@pytest.mark.parametrize(
    "text", ["", "type,type\n", "type,subject\n\xff\n", 'type,subject\n"a"b,c\n', "type\n" + "x" * 1_000_001]
)
def test_a_file_whose_lines_can_not_be_told_apart_is_refused(text: str) -> None:
    with pytest.raises(InvalidRequest):
        lines_of(text.encode("latin-1"))


@pytest.fixture
def door(issuer: respx.MockRouter) -> Door:
    return Door(issuer)


def billing(*arguments: str) -> Result:
    names = {"issuer": "BILLING_ISSUER", "m2m_client_id": "BILLING_M2M_CLIENT_ID"}
    environment = {variable: SETTINGS[name] for name, variable in names.items()}
    secret = {"BILLING_M2M_CLIENT_SECRET": SETTINGS["m2m_client_secret"]}
    return CliRunner().invoke(app, ["usage", *arguments], env={**environment, **secret})


@pytest.fixture
def usage_file(tmp_path: Path) -> Path:
    path = tmp_path / "usage.csv"
    path.write_text("subject,value,id\n" + "".join(f"s{number},{number},e{number}\n" for number in range(2_500)))
    return path


def test_an_import_that_is_interrupted_goes_on_where_it_was(door: Door, usage_file: Path) -> None:
    arguments = ("import", str(usage_file), "--type", "t")
    refusal = httpx.Response(403, json={"code": "forbidden", "title": "no", "detail": "no", "status": 403})
    door.route.mock(side_effect=lambda request: refusal if door.recorded else door.answer(request))
    assert billing(*arguments).exit_code == 1
    assert len(door.recorded) == 1_000
    door.route.mock(side_effect=door.answer)
    with usage_file.open("a") as more:
        more.write("s,1,last\n")
    finished = billing(*arguments)
    assert finished.exit_code == 0, finished.output
    assert door.recorded == [*(f"e{number}" for number in range(2_500)), "last"]
    assert "2,501 events recorded, 0 refused" in finished.output
    assert "2,501 events recorded" in billing(*arguments).output
    assert len(door.recorded) == 2_501


def test_a_file_that_has_changed_before_the_cursor_is_not_gone_on_with(door: Door, usage_file: Path) -> None:
    arguments = ("import", str(usage_file), "--type", "t")
    assert billing(*arguments).exit_code == 0
    usage_file.write_text(usage_file.read_text().replace("s2499", "s2498"))
    refused = billing(*arguments)
    assert refused.exit_code == 1
    assert "begin anew" in refused.output


def test_what_is_refused_is_written_down_with_its_reason_and_the_rest_is_recorded(door: Door, tmp_path: Path) -> None:
    path = tmp_path / "usage.jsonl"
    path.write_text('{"type":"t","subject":"s","id":"a"}\nnonsense\n{"type":"t","subject":"s","id":"b"}\n')
    door.refuses = {"b"}
    found = billing("import", str(path))
    assert found.exit_code == 1
    assert "1 events recorded, 2 refused" in found.output
    rejected = [json.loads(line) for line in Path(f"{path}.rejected").read_text().splitlines()]
    assert [(one["line"], one["code"]) for one in rejected] == [(2, "invalid_request"), (3, "not_found")]
    assert door.recorded == ["a"]


def test_a_dry_run_sends_nothing_and_leaves_nothing(door: Door, usage_file: Path) -> None:
    found = billing("import", str(usage_file), "--type", "t", "--dry-run")
    assert (found.exit_code, door.bodies) == (0, [])
    assert "2,500 events can be recorded" in found.output
    assert [path.name for path in usage_file.parent.iterdir()] == ["usage.csv"]


def test_one_event_is_recorded_from_the_terminal(door: Door) -> None:
    found = billing("record", "ai_tokens", "5", "--subject", "s", "--dimension", "model=big", "--id", "e")
    assert found.exit_code == 0, found.output
    assert json.loads(found.output)["id"] == "e"
    assert door.bodies[0]["data"] == {"value": "5", "dimensions": {"model": "big"}}
