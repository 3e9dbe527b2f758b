"""What the lint scripts share: which files belong to the project, and how a finding is reported.

Each script has a function that takes the project's root and returns findings, so that
lint_test.py can run it on small trees that break one rule each.
"""

import os
import pathlib
import subprocess
import sys

SKIPPED = 77  # meson counts this exit code as a skipped test


def files(root, *suffixes):
    """Tracked files, plus untracked ones git does not ignore; paths relative to root, sorted.

    Where git has no answer (a release archive, a checkout owned by someone else) every file counts
    except build folders.
    """
    root = pathlib.Path(root)
    listing = ""
    if (root / ".git").exists():
        listing = subprocess.run(
            ["git", "-C", str(root), "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
            capture_output=True, text=True).stdout
    if listing:
        # A deleted file stays in the index until the deletion is staged.
        found = [name for name in listing.split("\0") if name and (root / name).is_file()]
    else:
        found = []
        for folder, subfolders, names in os.walk(root):
            subfolders[:] = [s for s in subfolders
                             if not s.startswith("build") and s not in (".git", "target", "__pycache__")]
            found += [os.path.relpath(os.path.join(folder, name), root) for name in names]
    return sorted({name.replace(os.sep, "/") for name in found
                   if not suffixes or name.endswith(suffixes)})


def read(root, name):
    return (pathlib.Path(root) / name).read_text(encoding="utf-8", errors="replace")


def finish(findings, checked):
    """Prints findings and ends the program; checked says what was looked at, for the log."""
    for finding in findings:
        print(finding)
    print(f"{checked}: {len(findings)} finding(s)")
    sys.exit(1 if findings else 0)


def skip(reason):
    print(f"######## SKIPPED: {reason} ########")
    sys.exit(SKIPPED)
