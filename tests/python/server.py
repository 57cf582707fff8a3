"""Starts a service of the executable on a free port and says where it listens (standard library only)."""
import contextlib
import subprocess
import tempfile
import threading


@contextlib.contextmanager
def service(binary, name, *settings):
    """Yields the base URL. Settings are `key=value` pairs of the configuration."""
    with tempfile.TemporaryDirectory(prefix="claimstack-clients-") as data:
        command = [binary, "--data-dir", data, "--set", f"{name}.listen=127.0.0.1:0"]
        for setting in settings:
            command += ["--set", setting]
        process = subprocess.Popen(command + [name], stderr=subprocess.PIPE, text=True)
        try:
            yield address(process, name)
        finally:
            process.terminate()
            process.wait(30)


def address(process, name):
    for line in process.stderr:
        if line.startswith(f"{name} http://"):
            # Somebody has to go on reading, or the process would stop at a full pipe.
            threading.Thread(target=process.stderr.read, daemon=True).start()
            return line.split()[1]
    raise SystemExit(f"{name} ended before it listened")
