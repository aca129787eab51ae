"""`sealift check`: the doctor."""

import sys
from pathlib import Path

from cyclopts import App

import sealift
from sealift.cli.flags import ConfigPath, Flag, StateDir, overriding
from sealift.cli.showing import as_json, shown
from sealift.errors import ConfigError

app = App(
    name="check",
    help_epilogue="""\
Examples:
  sealift check
  sealift check /etc/sealift.toml --json""",
)

_SIGNS = {"pass": "✅", "warn": "⚠️ ", "fail": "❌"}


@app.default
def check(
    config: ConfigPath = Path("sealift.toml"), *, json: Flag = False, state_dir: StateDir = None
) -> int:
    """
    Examine the configuration, the folders, the disk, the credentials and the stores.

    What a store really supports is tried out with one small object, which is
    deleted again. Each line says pass, warn or fail, and what to do. It exits
    with 0, or with the code of what must be mended first: 2 configuration,
    1 state, 4 the world.

    Parameters
    ----------
    json
        Write one JSON object for each thing examined.
    """
    codes = []
    try:
        settings = sealift.Config.load(config, overrides=overriding(state_dir))
    except ConfigError as error:
        for message in error.message.splitlines():
            _show(
                sealift.Diagnosis(
                    place="configuration",
                    name="file",
                    level="fail",
                    message=message,
                    hint=error.hint,
                    exit_code=error.exit_code,
                ),
                json=json,
            )
        return error.exit_code
    for diagnosis in sealift.examine(settings):
        _show(diagnosis, json=json)
        codes.append(diagnosis.exit_code)
    return sealift.worst(codes)


def _show(diagnosis: "sealift.Diagnosis", *, json: bool) -> None:
    if json:
        print(as_json(diagnosis), flush=True)
        return
    place = f"{diagnosis.place}: {diagnosis.name}"
    print(f"{_SIGNS[diagnosis.level]} {diagnosis.level}  {place}: {shown(diagnosis.message)}")
    if diagnosis.hint:
        print(f"         → {shown(diagnosis.hint)}")
    sys.stdout.flush()
