"""What `deploy/` gives to systemd and to container engines agrees with the program."""

import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest
import yaml

from aggregator.config.load import load
from aggregator.daemon.worker import DRAIN_SECONDS
from tests.commands import aggregator

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
SYSTEMD = DEPLOY / "systemd"
README = (DEPLOY / "README.md").read_text(encoding="utf-8")
NOBODY = 65534
STOP = 10  # seconds that the daemon may take to stop
SERVICES = ("aggregator.service", "aggregator-worker@.service", "aggregator-backup.service")


def unit(name: str = "aggregator.service") -> dict[str, list[str]]:
    """The unit's settings, each with all its values."""
    settings: dict[str, list[str]] = {}
    for line in (SYSTEMD / name).read_text().splitlines():
        if setting := re.fullmatch(r"(\w+)=(.*)", line):
            settings.setdefault(setting[1], []).append(setting[2])
    return settings


def block(start: str) -> str:
    """The block of shell commands in the README that starts with these words."""
    (text,) = [text for text in re.findall(r"(?ms)^```sh\n(.*?)^```", README) if text.startswith(start)]
    return str(text)


def shell(script: str, *words: str, first: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run a shell script at the root of the repository, with PATH alone in its environment, and in it `first` first."""
    return subprocess.run(
        ["sh", "-c", script, "sh", *words],
        cwd=ROOT,
        env={"PATH": os.pathsep.join([*([str(first)] if first else []), os.environ["PATH"]])},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def rooted(script: str, root: Path) -> str:
    """Return the script with a root of its own in place of the system's, and without systemctl and packages."""
    script = re.sub(r"(?m)^(systemctl|python3|/opt/\S+) .*\n", "", script)
    script = re.sub(r"systemd-(sysusers|tmpfiles)", rf"systemd-\1 --root={root}", script)
    return re.sub(r"(?<=[ :=])/(?=(etc|var|opt|usr/local)/)", f"{root}/", script)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """The root of a system with the user `aggregator`, whose id is ours, or one of nobody if we are root."""
    for folder in ("etc/systemd/system", "usr/local/bin", "var/lib/private", "var/backups", "opt/aggregator/bin"):
        (tmp_path / folder).mkdir(parents=True)
    number = os.geteuid() or NOBODY
    (tmp_path / "etc/passwd").write_text(f"root:x:0:0::/:/bin/sh\naggregator:x:{number}:{number}::/:/bin/sh\n")
    (tmp_path / "etc/group").write_text(f"root:x:0:\naggregator:x:{number}:\n")
    return tmp_path


def test_systemd_takes_the_units(tmp_path: Path) -> None:
    if not shutil.which("systemd-analyze"):
        pytest.skip("there is no systemd-analyze here")
    copies = []
    for file in (*SYSTEMD.glob("*.service"), *SYSTEMD.glob("*.timer")):
        copies.append(tmp_path / file.name)
        text = re.sub("(?m)^ExecStart=.*", "ExecStart=/bin/true", file.read_text())  # else it is missed where absent
        copies[-1].write_text(text)
    assert len(copies) == 4
    done = subprocess.run(
        ["systemd-analyze", "verify", *copies], capture_output=True, text=True, check=False, timeout=60
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_the_documented_steps_install_all_that_the_units_name(root: Path) -> None:
    if not (shutil.which("systemd-sysusers") and shutil.which("systemd-tmpfiles")):
        pytest.skip("there is no systemd-sysusers here")
    (root / "etc/passwd").unlink()
    (root / "etc/group").unlink()
    done = shell("set -e\n" + rooted(block("python3 -m venv"), root))
    assert done.returncode == 0, done.stderr
    assert re.search(r"(?m)^aggregator:", (root / "etc/passwd").read_text())
    assert {file.name for file in (root / "etc/systemd/system").iterdir()} == {
        "aggregator.service",
        "aggregator-worker@.service",
        "aggregator-backup.service",
        "aggregator-backup.timer",
    }
    assert unit("aggregator-worker@.service")["Restart"] == ["always"]  # docs/decisions/0041-jobs.md
    for name in SERVICES:
        assert unit(name)["User"] == unit(name)["Group"] == ["aggregator"]
        (storage,) = [value for value in unit(name)["Environment"] if value.startswith("AGGREGATOR_STORAGE=")]
        assert storage.replace("%S", "/var/lib") == "AGGREGATOR_STORAGE=/var/lib/aggregator"
    (backup,) = unit("aggregator-backup.service")["ExecStart"]
    program, folder, number = backup.split()
    assert os.access(root / program.lstrip("/"), os.X_OK)
    assert (root / folder.lstrip("/")).is_dir()
    assert int(number) > 0
    assert (root / "etc/aggregator/feeds.yaml").is_file()
    assert (root / "var/lib/aggregator").is_dir()


def test_the_units_may_do_no_more_than_they_have_to(tmp_path: Path) -> None:
    if not shutil.which("systemd-analyze"):
        pytest.skip("there is no systemd-analyze here")
    for name in SERVICES:
        copy = tmp_path / name
        copy.write_text(re.sub("(?m)^ExecStart=.*", "ExecStart=/bin/true", (SYSTEMD / name).read_text()))
        words = ["systemd-analyze", "security", "--offline=yes", "--threshold=15", str(copy)]  # of 100
        done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=60)
        assert done.returncode == 0, done.stdout


def test_the_folders_keep_the_owner_that_they_were_given(root: Path) -> None:
    if not shutil.which("systemd-tmpfiles"):
        pytest.skip("there is no systemd-tmpfiles here")
    (root / "etc/passwd").write_text("root:x:0:0::/:/bin/sh\naggregator:x:65533:65533::/:/bin/sh\n")
    (root / "etc/group").write_text("root:x:0:\naggregator:x:65533:\n")
    folders = [root / "var/lib/aggregator", root / "var/backups/aggregator"]
    for folder in folders:
        folder.mkdir()
    (root / "etc/aggregator").mkdir()
    done = shell(f"systemd-tmpfiles --root={root} --create {SYSTEMD}/tmpfiles.conf")
    assert "var" not in done.stderr, done.stderr
    assert {folder.stat().st_uid for folder in folders} == {os.geteuid()}


def test_a_server_runs_as_the_unit_does_but_fetches_nothing() -> None:
    (start,) = unit()["ExecStart"]
    assert f"[Service]\nExecStart=\nExecStart={start} --no-fetch\n" in README


def test_programs_are_compiled_where_their_user_may_not_write() -> None:
    for name in ("README.md", "Containerfile"):  # without it each command compiles all that it imports, for a second
        assert "--compile-bytecode --constraint requirements.lock" in (DEPLOY / name).read_text(), name


def test_the_documented_steps_move_the_folder_of_a_dynamic_user(root: Path) -> None:
    before = root / "var/lib/private/aggregator"
    (before / "feeds").mkdir(parents=True)
    (before / "aggregator.db").write_text("all of it")
    (root / "var/lib/aggregator").symlink_to("private/aggregator")
    number = os.geteuid() or NOBODY
    script = rooted(block("systemctl stop aggregator\ninstall"), root)
    script = script.replace("aggregator:aggregator", f"{number}:{number}")
    script = re.sub(r"(?m)^systemd-sysusers .*\n", "", script)
    done = shell("set -e\n" + script)
    assert (done.returncode, done.stderr) == (0, "")
    moved = root / "var/lib/aggregator"
    assert not moved.is_symlink()
    assert (moved / "aggregator.db").read_text() == "all of it"
    assert {path.stat().st_uid for path in (moved, moved / "feeds", moved / "aggregator.db")} == {number}
    assert not before.exists()


SHOWN = r'''AGGREGATOR_STORAGE=s3://bucket/news "AGGREGATOR_TITLE=My \"news\" for \$5 (a; b) *"'''
WRITTEN = r"""
; a comment
  KEY_A=after blanks
KEY_B="with \"quotes\", \\ and \n $HOME `id`"
KEY_C='single \ "x" $HOME'
KEY_D=a\b\\c $HOME `id` 'q' #no
KEY_E=pre"mid"post
KEY_F=
KEY_G=  x = y
KEY_H="  blank  "
"""
# What systemd 252 gave to a process with such a file.
READ = (
    'AGGREGATOR_TITLE=My "news" for $5 (a; b) *',
    "KEY_A=after blanks",
    r'KEY_B=with "quotes", \ and \n $HOME `id`',
    r'KEY_C=single \ "x" $HOME',
    r"KEY_D=ab\c $HOME `id` 'q' #no",
    'KEY_E=pre"mid"post',
    "KEY_F=",
    "KEY_G=x = y",
    "KEY_H=  blank  ",
)


def command(root: Path, name: str) -> str:
    """One of the scripts, for the system in `root`; the program shows what it was started as and with."""
    program = root / "opt/aggregator/bin/aggregator"
    program.write_text(  # no Python: the user may be kept out of the folder where it is
        "#!/bin/sh\nid -u | tr -d '\\n'\nprintf '|%s' \"$@\"\necho\n"
        "env | grep -E '^(AGG|KEY)' | LC_ALL=C sort | paste -s -d ' ' -\n"
        'if [ "$1" = backup ]; then set -C; : > "$2"; fi\n'
    )
    program.chmod(0o755)
    text = (SYSTEMD / name).read_text()
    return re.sub(r"(?<=[\s=-])/(?=(etc|var|opt)/)", f"{root}/", text)


@pytest.mark.parametrize(
    ("words", "is_root"), [(["sources", "--failing"], False), (["--debug", "add", "https://a.example/ b"], True)]
)
def test_aggregatorctl_runs_a_command_as_the_units_user_with_its_settings_and_secrets(
    root: Path, words: list[str], is_root: bool
) -> None:
    storage, number = root / "var/lib/aggregator", os.geteuid() or NOBODY
    storage.mkdir()
    temporary = Path(tempfile.gettempdir())
    for folder in (root, *root.parents):  # the user has to reach the program
        if temporary in folder.parents:
            folder.chmod(0o755)
    os.chown(storage, number, number)
    (root / "etc/aggregator").mkdir()
    (root / "etc/aggregator/environment").write_text(
        "# secrets\nKEY_A=a b$c`d`\nKEY_B=\"quoted = so\"\nKEY_C='so'\nnonsense\nKEY_D=last"
    )
    done = shell(command(root, "aggregatorctl"), *words)
    assert (done.returncode, done.stderr) == (0, "")
    called, environment = done.stdout.splitlines()
    assert called == "|".join([str(os.geteuid() if is_root else number), *words])
    assert environment == (
        f"AGGREGATOR_CONFIG={root}/etc/aggregator/feeds.yaml AGGREGATOR_STORAGE={storage}"
        " KEY_A=a b$c`d` KEY_B=quoted = so KEY_C=so KEY_D=last"
    )


def test_aggregatorctl_reads_settings_and_secrets_as_systemd_does(root: Path) -> None:
    folder = root / "var/lib/aggregator"
    folder.mkdir()
    os.chown(folder, os.geteuid(), os.getegid())
    (root / "etc/aggregator").mkdir()
    (root / "etc/aggregator/environment").write_text(WRITTEN)
    systemctl = root / "usr/local/bin/systemctl"  # what it prints for Environment="AGGREGATOR_TITLE=My …" and so on
    systemctl.write_text("#!/bin/sh\ncat <<'END'\n" + SHOWN + "\nEND\n")
    systemctl.chmod(0o755)
    done = shell(command(root, "aggregatorctl"), "add", first=systemctl.parent)
    assert (done.returncode, done.stderr) == (0, "")
    (environment,) = done.stdout.splitlines()[1:]
    assert environment == " ".join(
        [f"AGGREGATOR_CONFIG={root}/etc/aggregator/feeds.yaml", "AGGREGATOR_STORAGE=s3://bucket/news", *READ]
    )


def test_aggregatorctl_says_that_there_is_no_storage_yet(root: Path) -> None:
    done = shell(command(root, "aggregatorctl"), "sources")
    assert done.returncode == 1
    assert done.stderr == f"aggregatorctl: there is no {root}/var/lib/aggregator; start the service first\n"


def test_backups_are_rotated_only_after_a_new_one_is_there(root: Path) -> None:
    folder = root / "var/backups"
    for day in range(1, 6):
        (folder / f"aggregator-202601{day:02}T033000Z.db").touch()
    (folder / "notes.db").touch()
    done = shell(command(root, "aggregator-backup"), str(folder), "3")
    assert (done.returncode, done.stderr) == (0, "")
    names = sorted(file.name for file in folder.iterdir())
    assert names[:2] == ["aggregator-20260104T033000Z.db", "aggregator-20260105T033000Z.db"]
    assert names[3:] == ["notes.db"]
    failing = command(root, "aggregator-backup")
    (root / "opt/aggregator/bin/aggregator").write_text("#!/bin/sh\nexit 1\n")
    assert shell(failing, str(folder), "1").returncode == 1
    assert sorted(file.name for file in folder.iterdir()) == names


def test_the_unit_waits_for_readiness_reloads_by_signal_and_gives_time_to_stop() -> None:
    settings = unit()
    assert settings["Type"] == ["notify"]
    assert settings["ExecReload"] == ["/bin/kill -HUP $MAINPID"]
    assert int(settings["TimeoutStopSec"][0].removesuffix("s")) > STOP > DRAIN_SECONDS
    assert settings["RestartPreventExitStatus"] == ["2"]
    assert settings["ExecStart"][0].endswith(" run")


def test_what_is_copied_into_the_image_is_there() -> None:
    text = (DEPLOY / "Containerfile").read_text()
    copied = [word for line in re.findall(r"(?m)^COPY (?!--from)(.*)", text) for word in line.split()[:-1]]
    paths = [word for word in copied if not word.startswith("--")]
    assert "aggregator" in paths
    assert [path for path in paths if not (ROOT / path).exists()] == []


def test_the_image_runs_without_root_and_without_a_shell_between() -> None:
    text = (DEPLOY / "Containerfile").read_text()
    assert re.search(r"(?m)^USER [1-9]", text)
    assert re.search(r'(?m)^ENTRYPOINT \["', text)
    assert len(re.findall(r"(?m)^VOLUME ", text)) == 1


def test_the_image_has_a_home_that_may_be_written_to() -> None:
    text = (DEPLOY / "Containerfile").read_text()
    (volume,) = re.findall(r"(?m)^VOLUME (.*)$", text)
    assert f"ENV HOME={volume}\n" in text  # Docker's is / for a user without a name, where the rest is read-only


def test_the_image_asks_for_its_health() -> None:
    text = (DEPLOY / "Containerfile").read_text()
    (program,) = re.findall(r'(?m)^ENTRYPOINT \["(\S+)"\]', text)
    assert re.search(rf'(?m)^HEALTHCHECK .* CMD \["{program}", "health"\]$', text)


def test_compose_builds_that_image_and_gives_time_to_stop() -> None:
    service = yaml.safe_load((DEPLOY / "compose.yaml").read_text())["services"]["aggregator"]
    build = service["build"]
    assert (DEPLOY / build["context"] / build["dockerfile"]).resolve() == DEPLOY / "Containerfile"
    assert "healthcheck" not in service  # the image has it
    assert service["init"] is True  # else a SIGTERM before the program handles it is lost
    assert int(service["stop_grace_period"].removesuffix("s")) > STOP


def test_the_cluster_runs_commands_and_settings_that_there_are() -> None:
    services = yaml.safe_load((DEPLOY / "cluster/compose.yaml").read_text())["services"]
    commands = {name: service["command"] for name, service in services.items() if "build" in service}
    assert sorted(commands) == ["server-1", "server-2", "worker-1", "worker-2"]
    proxy = services["proxy"]
    for source, target in (volume.split(":")[:2] for volume in proxy["volumes"]):
        assert (DEPLOY / "cluster" / source).is_file()
        assert proxy["command"].endswith(f" {target}")
    upstreams = re.findall(r"(?m)^\s*reverse_proxy (.*) \{", (DEPLOY / "cluster/Caddyfile").read_text())
    assert [name.split() for name in upstreams] == [["server-1:8080", "server-2:8080"]]
    for name, command in commands.items():
        assert services[name]["init"] is True
        assert command[0] == ("run" if name.startswith("server") else "worker")
        arguments = [word for word in command[1:] if word.startswith("--")]
        shown = aggregator(command[0], "--help", cwd=ROOT).stdout
        assert all(argument in shown for argument in arguments)
        environment = {
            variable: re.sub(r"\$\{\w+:-(.*?)\}", r"\1", re.sub(r"\$\{\w+:\?.*?\}", "secret", value))
            for variable, value in services[name]["environment"].items()
        }
        assert environment["AGGREGATOR_DATABASE"].startswith("postgresql://")
        assert load(ROOT / "feeds.yaml", environment).storage == "s3://aggregator/news"
