"""The sentence in a language other than that of the ranking."""

from __future__ import annotations

from typing import Any

from screening.report.texts import catalogue
from screening.report.why import why

TASK = {
    "ranking": {
        "gates": {
            "magnetization": {"column": "mu0_Ms_T", "at_least": 0.8},
            "curie_temperature": {"column": "curie_temperature_K", "at_least": 550},
            "room_temperature": {"column": "flags", "without_flag": "low_temperature_order"},
        }
    },
    "report": {"short_table": ["rank", "formula", "BHmax_kJ_per_m3", "curie_temperature_K", "price_USD_per_kg"]},
}
RUSSIAN = catalogue("ru")


def row(limiting: str | None, *chances: float, **more: Any) -> dict[str, Any]:
    gates = dict(zip(("magnetization", "curie_temperature", "room_temperature"), chances, strict=True))
    figures = {"BHmax_kJ_per_m3": 604.0, "curie_temperature_K": 558.0, "mu0_Ms_T": 1.61, "price_USD_per_kg": 15.7}
    return figures | {f"gate_{name}_probability": chance for name, chance in gates.items()} | {
        "limiting_gate": limiting, "why": "English.", **more
    }  # fmt: skip


def test_english_is_the_rankings_own() -> None:
    assert why(row("curie_temperature", 1.0, 0.6, 1.0), TASK, catalogue("en")) == "English."


def test_all_passed() -> None:
    assert why(row(None, 1.0, 1.0, 1.0), TASK, RUSSIAN) == (
        "Выполнены все критерии: (BH)max 604\u202fкДж/м³, Tc 558\u202fК."
    )


def test_a_candidate_with_its_weakest_gate() -> None:
    said = why(
        row("curie_temperature", 1.0, 0.6, 1.0, curie_temperature_K_lo=515.0, curie_temperature_K_hi=604.0),
        TASK,
        RUSSIAN,
    )
    assert said == (
        "Кандидат: (BH)max 604\u202fкДж/м³, Tc 558\u202fК. Наименее надёжен критерий «температура Кюри» (60\u202f%): "
        "Tc 558\u202fК (515 … 604), условие: Tc ≥ 550\u202fК."
    )


def test_limited_with_others_in_doubt() -> None:
    said = why(row("magnetization", 0.2, 0.4, 1.0, mu0_Ms_T=None), TASK, RUSSIAN)
    assert said == (
        "Ограничивает критерий «намагниченность» (20\u202f%): µ0Ms: значение неизвестно; "
        "под сомнением и другие критерии: температура Кюри."
    )


def test_a_flag_is_explained() -> None:
    said = why(row("room_temperature", 1.0, 1.0, 0.02), TASK, RUSSIAN)
    assert "комнатная температура" in said and "Нет Cr, Mn, Fe, Co или Ni" in said


def test_gates_that_the_task_does_not_know() -> None:
    assert why({"gate_odd_probability": 0.1, "limiting_gate": "odd", "why": None}, {}, catalogue("en")).startswith(
        "Limited by odd"
    )
    assert why({"why": None}, {}, RUSSIAN) == ""


def test_what_a_class_adds_follows_in_the_reader_s_language() -> None:
    task = {**TASK, "name": "electrodes"}
    added = {"voltage_V": 3.41, "voltage_calculated_practical_V": 3.05, "voltage_offset_V": 0.36,
             "voltage_offset_class": "Fe3+/Fe2+ in phosphates, 3 measured", "flags": ""}  # fmt: skip
    said = why(row(None, 1.0, 1.0, 1.0, **added), task, RUSSIAN)
    assert (
        " Ожидается 3,41\u202fВ (PBE+U: 3,05\u202fВ; Fe3+/Fe2+ в фосфатах, 3 измерено: измеренное минус расчётное 0,36"
        in said
    )
    assert "Ожидается" not in why(row(None, 1.0, 1.0, 1.0, **added | {"voltage_offset_V": 0.1}), task, RUSSIAN)
    unknown = why(row(None, 1.0, 1.0, 1.0, **added | {"flags": "offset_unknown"}), task, RUSSIAN)
    assert unknown.endswith("измеренных напряжений этого класса нет).")
