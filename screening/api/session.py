"""The commands as functions of Python: keywords that an editor completes, tables that show themselves in a notebook."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from screening.api.path_session import PathSession
from screening.api.requests import name_of, unrecorded, values_of
from screening.errors import RequestError
from screening.locks import scratch_folder

if TYPE_CHECKING:
    from screening.jobs.evaluate import Evaluation
    from screening.jobs.generate import GeneratedCandidates
    from screening.jobs.predict import Predictions
    from screening.jobs.ranking_outcome import Ranking
    from screening.jobs.reference_ranking import ReferenceEvaluation
    from screening.jobs.relax import Relaxation
    from screening.jobs.scoring import Candidates
    from screening.jobs.train import Training

Place = str | Path | None
Settings = Mapping[str, Any] | None
Device = Literal["auto", "cpu", "cuda"]
Precision = Literal["auto", "32", "bf16"]


class Session(PathSession):
    """Keeps what it has loaded: a second call with the same models, device and precision loads nothing.

    `screening.predict`, `screening.rank` and the others belong to one session that all callers share. A session of your
    own frees its models when you drop it. Not for several threads at a time.
    """

    def clear(self) -> None:
        """Forget all models; results that still hold some keep them."""
        self._models.clear()

    def predict(
        self, candidates: Candidates, output: Place = None, *,
        model: str = "screening-v3", device: Device = "auto", precision: Precision = "auto", order: bool = False,
        magnetism: str | None = None, max_atoms: int = 1000, batch_atoms: int | None = None, workers: int | None = None,
        seed: int = 0, tracking: str | None = None, settings: Settings = None, **keys: Any,
    ) -> Predictions:  # fmt: skip
        """Predict properties with 80 % intervals.

        Args:
            candidates: A path, a bundled set's name, or any number of pymatgen structures, ASE atoms or paths,
                in a list or, by id, in a dictionary.
            output: The Parquet table to write, refusals beside it; None writes nothing.
            model: Released name, folder, or `models:/NAME@ALIAS` in MLflow.
            device: Where networks run; `auto`: a GPU if there is one.
            precision: Arithmetic on a CPU; `auto`: bf16 inside the network where the CPU has it.
            order: Make ordered approximants of partially occupied crystals instead of refusing them.
            magnetism: What predicts magnetic order: released name, folder or `none`; None: the released one.
            max_atoms: Refuse crystals with more atoms in the cell.
            batch_atoms: Atoms per batch of the network; None: what suits the device.
            workers: Processes that read files; None: as many as cores.
            seed: Of everything random.
            tracking: `none`, `sqlite` or an MLflow address, where `models:/` is looked up.
            settings: Further keys of `screening predict --help`, by dotted name.
            **keys: The same.

        Returns:
            The table, which shows itself in a notebook.

        Raises:
            RequestError: A key is wrong, a file is missing, or no candidate is valid.
        """
        from screening.configuration.predict import PredictConfig
        from screening.jobs.predict import predict_and_keep, predict_in_memory

        values = {"candidates": name_of(candidates), "output": ".parquet", **values_of(Session.predict, locals())}
        if output is None:
            return predict_in_memory(self._requests.config(PredictConfig, values), candidates, self._models)
        config = self._requests.config(PredictConfig, values | {"output": str(output)})
        return predict_and_keep(config, candidates, self._models)

    def rank(
        self, candidates: Candidates, task: str, output_dir: Place = None, *,
        model: str = "screening-v3", device: Device = "auto", precision: Precision = "auto", order: bool = False,
        relax: str = "none", prefer: str | None = None, supply: str | None = None, review: str | None = None,
        temperature_K: float | None = None, cells: str | None = None, magnetism: str | None = None,
        working_ion: str | None = None, voltage: str | None = None, offsets: str | None = None,
        mobility: str | None = None, profile_states: int | None = 0,
        cards: int = 20, language: Literal["en", "ru"] = "en", shards: int = 1,
        max_atoms: int = 1000, batch_atoms: int | None = None, workers: int | None = None,
        seed: int = 0, tracking: str | None = None, settings: Settings = None, **keys: Any,
    ) -> Ranking:  # fmt: skip
        """Rank candidates for a class of materials.

        Without output_dir nothing is written, drawn or recorded; cards and report are made when they are asked for.

        Args:
            candidates, model, device, precision, order, max_atoms, batch_atoms, workers, seed: As for `predict`.
            task: The class of materials.
            output_dir: Folder for tables, report and cards, made if it is not there.
            relax: Potential that relaxes candidates first, or `none`.
            prefer: Preset of the task, which changes gates and objective.
            supply: Where the elements come from; None: the world market.
            review: An earlier review: leave out what was rejected in it, mark what was approved.
            temperature_K: Working temperature in K, of a class that has one.
            cells: Crystals that relax a little before their stability is predicted: `ionic`, `all` or `none`.
            magnetism: What predicts magnetic order: released name, folder or `none`; None: the released one.
            working_ion: The ion that moves, of a class that has one, for example `Na`; None: found in each crystal.
            voltage: What predicts voltages, or `accurate` where the class offers it; None: the released one.
            offsets: Offsets of measured from calculated voltages: released name, folder or `none`; None: as learned.
            mobility: Whose barriers are predicted: `finalists`, a release for all, or `none`; None: of the best.
            profile_states: States of charge between both ends for the closer look at the best; None: not even the ends.
            cards: How many of the best get a card.
            language: Of the report.
            shards: Parts that the candidates are cut into, scored side by side.
            tracking: `none`, `sqlite` or an MLflow address; None: `sqlite` with output_dir, else `none`.
            settings: Further keys of `screening rank task=NAME --help`, such as `{"supply.prices.Nd": 120}`.
            **keys: The same.

        Returns:
            The ranking, which shows itself in a notebook.

        Raises:
            RequestError: A key is wrong, a file is missing, or no candidate is valid.
        """
        return self._rank(candidates, output_dir, values_of(Session.rank, locals()))

    def _rank(self, candidates: Candidates, output_dir: Place, values: dict[str, Any]) -> Ranking:
        from screening.configuration.rank import RankConfig
        from screening.jobs.local_shards import rank_in_shards
        from screening.jobs.rank import rank_in_memory, rank_to_folder

        values = {"candidates": name_of(candidates), "output_dir": str(output_dir or ""), **values}
        off = output_dir is None and unrecorded(values)
        config = self._requests.config(RankConfig, values | ({"tracking": "none"} if off else {}))
        if off and config.shards == 1:
            return rank_in_memory(config, candidates, self._models)
        if config.shards > 1 and (config.shard is not None or not isinstance(candidates, str | Path)):
            raise RequestError(f"shards={config.shards}: here for a path of candidates and all shards together")
        with scratch_folder() as scratch:
            config = replace(config, output_dir=config.output_dir or str(scratch))
            if config.shards > 1:
                ranking = rank_in_shards(config)
            else:
                ranking = rank_to_folder(config, candidates, self._models, keep=output_dir is not None)
        return ranking if output_dir is not None else replace(ranking, folder=None)

    def relax(
        self, candidates: Candidates, output_dir: Place = None, *, potential: str = "chgnet",
        fmax_eV_per_A: float = 0.1, max_steps: int = 500, relax_cell: bool = True, order: bool = False,
        device: Device = "auto", max_atoms: int = 1000, batch_atoms: int | None = None, workers: int | None = None,
        seed: int = 0, tracking: str | None = None, settings: Settings = None, **keys: Any,
    ) -> Relaxation:  # fmt: skip
        """Relax crystals with an interatomic potential, many at once.

        Args:
            candidates, device, order, max_atoms, workers, seed: As for `predict`.
            output_dir: Folder for the results; a call that was stopped goes on there. None writes nothing.
            potential: `chgnet`, or `ase:package.module.Class:CHECKPOINT` for any ASE calculator.
            fmax_eV_per_A: Converged when no force is larger, in eV/Å.
            max_steps: Steps after which a relaxation is given up as not converged.
            relax_cell: Relax the cell as well, not only the positions in it.
            batch_atoms: Atoms that are relaxed together; None: what is fastest with the potential.
            tracking: As for `rank`.
            settings: Further keys of `screening relax --help`, by dotted name.
            **keys: The same.

        Returns:
            Energies, and the relaxed crystals by `.crystal(id)`.

        Raises:
            RequestError: The request is wrong, or nothing could be relaxed.
        """
        from screening.configuration.relax import RelaxConfig
        from screening.jobs.relax import relax_in_memory, relax_to_folder

        values = {"candidates": name_of(candidates), **values_of(Session.relax, locals())}
        config = self._requests.config(RelaxConfig, values | {"output_dir": str(output_dir or "")})
        job = relax_in_memory if output_dir is None else relax_to_folder
        return job(config, candidates, self._models)

    def generate(
        self, output: Place = None, *, prototypes: Iterable[str] | None = None,
        elements: str | Mapping[str, Iterable[str]] | None = None, x: Iterable[float] | None = None,
        max_candidates: int | None = None, settings: Settings = None, **keys: Any,
    ) -> GeneratedCandidates:  # fmt: skip
        """Make candidates by substitution: elements on the sites of known structure types, cells from radii.

        Args:
            output: The file to write, FILE.jsonl or FILE.jsonl.gz; None writes nothing.
            prototypes: Structure types; None: all.
            elements: A named choice, or the elements and ions of each role that differ from the default choice.
            x: Also solid solutions of compounds that differ in one role, at these shares; None: none.
            max_candidates: Keep only that many, spread evenly over all that can be made; None: all.
            settings: Further keys of `screening generate --help`, by dotted name.
            **keys: The same.

        Returns:
            The crystals, which `rank` takes as they are.

        Raises:
            RequestError: The request is wrong, or nothing can be made.
        """
        from screening.configuration.generate import GenerateConfig
        from screening.jobs.generate import generate_in_memory, generate_to_file

        lists = {"prototypes": None if prototypes is None else [*prototypes], "x": None if x is None else [*x]}
        values = values_of(Session.generate, locals() | lists)
        if isinstance(elements, Mapping):
            del values["elements"]
            values |= {f"elements.{role}": [*ions] for role, ions in elements.items()}
        config = self._requests.config(GenerateConfig, values | {"output": str(output or ".jsonl")})
        return generate_in_memory(config) if output is None else generate_to_file(config)

    def train(
        self, output_dir: str | Path, data: Place = None, *, store: Place = None, labels: Place = None,
        targets: Iterable[str] | None = None, model: str | None = None, name: str | None = None,
        network: str | None = None, trainer: str | None = None, device: Device = "auto", seed: int = 0,
        tracking: str | None = None, settings: Settings = None, **keys: Any,
    ) -> Training:  # fmt: skip
        """Train a network on labelled crystals; the same call again resumes a training that was stopped.

        Args:
            output_dir: Folder for checkpoints and the finished model.
            data: Labelled crystals: a folder with a CSV of ids and labels, that CSV, or rows with labels.
            store: Instead of data, a store that `screening import` wrote.
            labels: The CSV of ids and labels, if it is not beside data.
            targets: Labels to learn; None: what the configuration says.
            model: Go on from this model; None: from random weights.
            name: Of the model; None: that of output_dir.
            network: Architecture; None: the default one.
            trainer: Set of training settings, such as `smoke`; None: `default`, or `finetune` with model.
            device, seed: As for `predict`.
            tracking: `none`, `sqlite` or an MLflow address; None: `sqlite`.
            settings: Further keys of `screening train --help`, such as `{"trainer.max_epochs": 20}`.
            **keys: The same.

        Returns:
            Where the model is, and its scores on the validation split.

        Raises:
            RequestError: The request is wrong.
        """
        from screening.configuration.train import TrainConfig
        from screening.jobs.train import train_to_folder

        values = values_of(Session.train, locals() | {"targets": None if targets is None else [*targets]})
        return train_to_folder(self._requests.config(TrainConfig, values | {"output_dir": str(output_dir)}))

    def evaluate(
        self, data: Place = None, output_dir: Place = None, *, task: str | None = None, store: Place = None,
        labels: Place = None, model: str = "screening-v3", split: str = "auto", reference: Place = None,
        prefer: str | None = None, supply: str | None = None,
        temperature_K: float | None = None, cells: str | None = None, magnetism: str | None = None,
        working_ion: str | None = None, voltage: str | None = None, offsets: str | None = None,
        mobility: str | None = None, profile_states: int | None = 0,
        order: bool = True, precision: Precision = "auto", batch_atoms: int | None = None, device: Device = "auto",
        seed: int = 0, tracking: str | None = None, settings: Settings = None, **keys: Any,
    ) -> Evaluation | ReferenceEvaluation:  # fmt: skip
        """Measure a model's errors on labelled crystals, or with a task those of a whole ranking on measured materials.

        Args:
            data: Labelled crystals as for `train`, or a store.
            output_dir: Folder for scores, pictures and a model card; None writes nothing.
            task: A class of materials that has reference measurements.
            store: The store that baselines learn from, and that is evaluated on without data.
            labels: The CSV of ids and labels, if it is not beside data.
            split: Which crystals: `test`, `calibration`, `validation`, `train` or `all`.
            reference: With task, a table of measured materials; None: the bundled one.
            order: With task, make ordered approximants of partially occupied crystals.
            model, precision, batch_atoms, device, seed: As for `predict`.
            prefer, supply, temperature_K, cells, magnetism, working_ion, voltage, offsets, mobility: As for `rank`.
            profile_states, tracking: As for `rank`.
            settings: Further keys of `screening evaluate --help`, by dotted name.
            **keys: The same.

        Returns:
            `Evaluation` of a model, or `ReferenceEvaluation` of a ranking.

        Raises:
            RequestError: The request is wrong, or nothing can be scored.
        """
        return self._evaluate(output_dir, values_of(Session.evaluate, locals()))

    def _evaluate(self, output_dir: Place, values: dict[str, Any]) -> Evaluation | ReferenceEvaluation:
        from screening.configuration.evaluate import EvaluateConfig
        from screening.jobs.evaluate import evaluate_in_memory, evaluate_to_folder
        from screening.jobs.reference_ranking import evaluate_on_reference

        config = self._requests.config(EvaluateConfig, values | {"output_dir": str(output_dir or "")})
        if config.has_task:
            return evaluate_on_reference(config, None if output_dir is None else Path(output_dir), self._models)
        return (evaluate_in_memory if output_dir is None else evaluate_to_folder)(config, self._models)
