"""The job of `screening predict`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from screening.configuration.predict import PredictConfig
from screening.errors import RequestError
from screening.files import output_folder
from screening.jobs.opening import load_predictors, read_settings, require_any
from screening.jobs.scoring import Tally, expected_inputs, open_candidates, predictions
from screening.tables import TableWriter, write_table

if TYPE_CHECKING:
    from screening.jobs.scoring import Candidates


def predict_to_file(config: PredictConfig, candidates: Candidates, *, keep: bool = True) -> Tally:
    """Stream predictions into config.output and refusals into its neighbour; both appear only when complete.

    keep: whether the caller will find the files, so that an error may point to them.
    """
    output = Path(config.output)
    rejected_file = output.with_name(f"{output.stem}.rejected.csv")
    if output.is_dir():
        raise RequestError(f"output={output}: is a folder; expected the name of a file")
    tally = Tally(expected_inputs(candidates))
    predictors = load_predictors(config)
    items = open_candidates(candidates, read_settings(config, predictors.network, [output, rejected_file]))
    output_folder(output.parent, "output")
    with TableWriter(output) as writer:
        for table in predictions(predictors, items, config.batch_atoms, tally):
            with tally.stage("writing"):
                writer.write(table)
        write_table(tally.rejected_table(), rejected_file)
        require_any(tally, config.candidates, rejected_file if keep else None)
    return tally
