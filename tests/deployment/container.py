"""A container without an engine: a root of its own that cannot be written, and no rights.

Mount and network namespaces, chroot and setpriv do what an engine does with `read_only`, `tmpfs`,
`cap_drop` and `no-new-privileges`. Needs root on Linux.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.deployment import dockerfile
from theway.processes.installation import ROOT
from theway.processes.process import Process

# $1: the root; $2: app; $3: data; $4: "rw" while the image is built.
_ENTER = """
set -eu
umask 022
root=$1 app=$2 data=$3 mode=$4; shift 4
mount --make-rprivate /
mount -t tmpfs -o mode=0755 tmpfs "$root"
bind() {  # $1 to $2, which cannot be written there unless $3 says so
    mkdir -p "$root$2"
    mount --rbind "$1" "$root$2"
    [ "${3:-ro}" = rw ] || mount -o remount,bind,ro "$root$2"
}
for name in usr bin sbin lib lib64; do
    if [ -L "/$name" ]; then cp -P "/$name" "$root/$name"
    elif [ -d "/$name" ]; then bind "/$name" "/$name"
    fi
done
bind /etc /etc
bind /proc /proc rw
bind /dev /dev rw
bind "$VENV" /opt/venv
[ -d "$root$BASE" ] || bind "$BASE" "$BASE"
bind "$app" /app "$mode"
bind "$data" /data rw
mkdir "$root/tmp"
mount -t tmpfs -o mode=1777 tmpfs "$root/tmp"
mount -o "remount,$mode" "$root"
"$PYTHON" -c 'import fcntl, socket, struct
fcntl.ioctl(socket.socket(), 0x8914, struct.pack("16sH14x", b"lo", 1))'  # SIOCSIFFLAGS, IFF_UP
unset VENV BASE PYTHON
exec chroot "$root" sh -c 'cd /app; PATH=$INNER_PATH; unset INNER_PATH; exec "$@"' - "$@"
"""
_PATH = "/usr/sbin:/usr/bin:/sbin:/bin"


@dataclass
class Container:
    """Programs that see `app` and `data` alone, each in namespaces of its own."""

    app: Path
    data: Path
    mountpoint: Path
    env: Mapping[str, str]

    @classmethod
    def built(cls, folder: Path) -> Container:
        """Make the application's folder as the Dockerfile does."""
        folder.chmod(0o755)
        for name in ("app", "data", "root"):
            (folder / name).mkdir(mode=0o755)
        made = cls(folder / "app", folder / "data", folder / "root", dockerfile.environment())
        for name in dockerfile.copied():
            copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy2
            copy(ROOT / name, made.app / name)
        runs = [text for name, text in dockerfile.instructions() if name == "RUN"]
        build = next(text for text in runs if "collectstatic" in text)
        subprocess.run(
            made._enter("rw", ["sh", "-c", build]),
            env=made._environment({}),
            check=True,
            capture_output=True,
        )
        uid, gid = dockerfile.user()
        os.chown(made.data, uid, gid)
        made.data.chmod(0o700)
        return made

    def process(self, name: str, command: Sequence[str], **options: object) -> Process:
        """Return a service that is not started yet."""
        words = self._enter("ro", [*_without_rights(), *command])
        env = self._environment(self.env)
        log_file = self.mountpoint.parent / f"{name}.log"
        return Process(name, words, cwd=ROOT, env=env, log_file=log_file, **options)  # type: ignore[arg-type]

    def run(self, command: Sequence[str]) -> None:
        """Run a command to its end."""
        process = self.process("command", command)
        process.launch()
        assert process.wait(120) == 0, process.log

    def execute(self, process: Process, command: Sequence[str]) -> str:
        """Run a command where a service runs, as an engine's `exec` does; return its output."""
        place = ["nsenter", f"--target={process.pid}", "--mount", "--net", "--root", "--wd"]
        env = {**self.env}
        done = subprocess.run(
            [*place, *_without_rights(), *command],
            env=env | {"PATH": f"{env['PATH']}:{_PATH}"},
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert not done.returncode, done.stdout + done.stderr + process.log
        return done.stdout

    def _enter(self, mode: str, command: Sequence[str]) -> list[str]:
        folders = [str(self.mountpoint), str(self.app), str(self.data)]
        return ["unshare", "--mount", "--net", "sh", "-c", _ENTER, "-", *folders, mode, *command]

    def _environment(self, env: Mapping[str, str]) -> dict[str, str]:
        outside = {"PYTHON": sys.executable, "VENV": sys.prefix, "BASE": sys.base_prefix}
        inside = env.get("PATH", "/opt/venv/bin:/usr/bin:/bin")
        return {**env, **outside, "PATH": _PATH, "INNER_PATH": f"{inside}:/usr/sbin:/sbin"}


def _without_rights() -> list[str]:
    uid, gid = dockerfile.user()
    return [
        "setpriv",
        f"--reuid={uid}",
        f"--regid={gid}",
        "--clear-groups",
        "--no-new-privs",
        "--bounding-set=-all",
        "--inh-caps=-all",
    ]
