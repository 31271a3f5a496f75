"""The sources of generated programs: how each language looks for what a probe names, and reports it."""

# ruff: noqa: E501 - texts of generated files

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence

# Per language and form of a probe: the body of a function that returns what it found, or fails.
# @what@ and the other words are string literals.
PYTHON: Mapping[str, str] = {
    "read": "with open(@what@) as file:\n    return file.read()",
    "read-path": "return Path(@what@).read_text()",
    "read-joined": "return (Path(__file__).resolve().parent / @directory@ / @name@).read_text()",
    "read-formatted": 'base = @directory@\nwith open(f"{base}/" + @name@) as file:\n    return file.read()',
    "read-split": "parts = [@directory@, @name@]\nwith open(os.path.join(*parts)) as file:\n    return file.read()",
    "read-named": "with open(os.environ.get(@variable@, @default@)) as file:\n    return file.read()",
    "read-computed": 'name = @stem@ + "." + @extension@\nwith open(os.path.join(@directory@, name)) as file:\n    return file.read()',
    "stat": 'found = os.stat(@what@)\nreturn f"{found.st_mode & 0o7777:o} {found.st_uid} {found.st_gid}"',
    "link": "return os.readlink(@what@)",
    "list": 'return " ".join(sorted(os.listdir(@what@)))',
    "glob": 'return " ".join(sorted(os.path.basename(p) for p in glob.glob(@what@ + "/*")))',
    "program": 'subprocess.run([@what@, "--version"], check=True, stdout=subprocess.DEVNULL)\nreturn "yes"',
    "program-which": 'if not shutil.which(@what@):\n    raise OSError(@what@)\nreturn "yes"',
    "program-shell": 'if os.system("cd / && " + @what@ + " --version > /dev/null"):\n    raise OSError(@what@)\nreturn "yes"',
    "program-named": 'subprocess.run([os.environ.get(@variable@, @default@), "--version"], check=True, stdout=subprocess.DEVNULL)\nreturn "yes"',
    "library": 'ctypes.CDLL(@what@)\nreturn "yes"',
    "env": 'return os.environ.get(@what@, "")',
    "user": 'return f"{os.getuid()} {os.getgid()}"',
    "cwd": "return os.getcwd()",
    "home": 'return os.environ.get("HOME", "")',
    "write": 'with tempfile.TemporaryFile(dir=@what@) as file:\n    file.write(b"x")\nreturn "yes"',
    "module": 'import @bare@\nreturn "yes" if @bare@ else "no"',
    "module-named": 'importlib.import_module(@what@)\nreturn "yes"',
    "zone": 'zoneinfo.ZoneInfo(@what@)\nreturn "yes"',
    "one-version": 'from importlib import metadata\n\nfound = {d.version for d in metadata.distributions() if d.metadata["Name"] == @what@}\nreturn str(len(found))',
    "certificates": 'from urllib import request\n\nif len(sys.argv) > 9:\n    request.urlopen("https://example.com/")\nimport ssl\n\nplace = ssl.get_default_verify_paths().openssl_capath\nif not os.path.exists(os.path.join(place, "ca-certificates.crt")):\n    raise OSError(place)\nreturn "yes"',
    "exists": 'if not Path(@what@).exists():\n    raise OSError(@what@)\nreturn "yes"',
    "walk": 'found = [str(p.relative_to(@what@)) for p in Path(@what@).rglob("*") if p.is_file()]\nreturn " ".join(sorted(found))',
    "read-home": 'with open(os.path.expanduser("~/" + @what@)) as file:\n    return file.read()',
    "read-configured": 'with open(@config@) as file:\n    name = json.load(file)["name"]\nwith open(name) as file:\n    return file.read()',
    "read-first": "for place in (@other@, @what@):\n    if os.path.exists(place):\n        with open(place) as file:\n            return file.read()\nraise OSError(@what@)",
    "read-argument": "with open(sys.argv[1]) as file:\n    return file.read()",
    "read-option": 'parser = argparse.ArgumentParser()\nparser.add_argument("--config", default=@what@)\noptions, _ = parser.parse_known_args()\nreturn Path(options.config).read_text()',
    "program-configured": 'with open(@config@) as file:\n    name = json.load(file)["name"]\nsubprocess.run([name, "--version"], check=True, stdout=subprocess.DEVNULL)\nreturn "yes"',
    "command-configured": 'with open(@config@) as file:\n    name = json.load(file)["name"]\nsubprocess.run(name.split(), check=True, stdout=subprocess.DEVNULL)\nreturn "yes"',
    "command": 'subprocess.run(@bare-words@, check=True, stdout=subprocess.DEVNULL)\nreturn "yes"',
    "database": 'import sqlite3\n\nbase = sqlite3.connect(os.path.join(@directory@, @name@))\nbase.execute("create table if not exists rows (name text)")\nbase.commit()\nreturn "yes"',
    "read-url": 'place = os.environ.get("SEED_URL", @url@)\nwith open(place.replace(@start@, "")) as file:\n    return file.read()',
    "media-type": 'import mimetypes\n\nfound, _ = mimetypes.guess_type("upload." + @name@)\nif not found:\n    raise OSError(@name@)\nreturn "yes"',
    "locale": 'import locale\n\nlocale.setlocale(locale.LC_ALL, @what@)\nreturn "yes"',
    "command-shell": 'if os.system(@what@ + " > /dev/null"):\n    raise OSError(@what@)\nreturn "yes"',
}
NODE: Mapping[str, str] = {
    "read": 'return fs.readFileSync(@what@, "utf8");',
    "read-path": "return fs.readFileSync(path.resolve(@what@)).toString();",
    "read-joined": 'return fs.readFileSync(path.join(__dirname, @directory@, @name@), "utf8");',
    "read-formatted": 'const base = @directory@;\nreturn fs.readFileSync(`${base}/` + @name@, "utf8");',
    "read-split": 'const parts = [@directory@, @name@];\nreturn fs.readFileSync(path.join(...parts), "utf8");',
    "read-named": 'return fs.readFileSync(process.env[@variable@] || @default@, "utf8");',
    "read-computed": 'const name = @stem@ + "." + @extension@;\nreturn fs.readFileSync(path.join(@directory@, name), "utf8");',
    "stat": "const found = fs.statSync(@what@);\nreturn `${(found.mode & 0o7777).toString(8)} ${found.uid} ${found.gid}`;",
    "link": "return fs.readlinkSync(@what@);",
    "list": 'return fs.readdirSync(@what@).sort().join(" ");',
    "program": 'child_process.execFileSync(@what@, ["--version"]);\nreturn "yes";',
    "program-shell": 'child_process.execSync("cd / && " + @what@ + " --version");\nreturn "yes";',
    "program-named": 'child_process.execFileSync(process.env[@variable@] || @default@, ["--version"]);\nreturn "yes";',
    "env": 'return process.env[@what@] || "";',
    "user": "return `${process.getuid()} ${process.getgid()}`;",
    "cwd": "return process.cwd();",
    "home": 'return process.env.HOME || "";',
    "write": 'fs.rmdirSync(fs.mkdtempSync(path.join(@what@, "try-")));\nreturn "yes";',
    "module": 'require(@what@);\nreturn "yes";',
    "patched": 'if (!require(@what@).patched) throw new Error(@what@);\nreturn "yes";',
    "exists": 'fs.accessSync(@what@);\nreturn "yes";',
    "walk": 'return fs.readdirSync(@what@, { recursive: true }).filter((n) => fs.statSync(path.join(@what@, n)).isFile()).sort().join(" ");',
    "read-home": 'return fs.readFileSync(path.join(os.homedir(), @what@), "utf8");',
    "read-configured": 'const { name } = JSON.parse(fs.readFileSync(@config@, "utf8"));\nreturn fs.readFileSync(name, "utf8");',
    "read-first": 'const place = [@other@, @what@].find((p) => fs.existsSync(p));\nreturn fs.readFileSync(place, "utf8");',
    "read-argument": 'return fs.readFileSync(process.argv[2], "utf8");',
    "read-option": 'const at = process.argv.indexOf("--config");\nconst config = at > 0 ? process.argv[at + 1] : @what@;\nreturn fs.readFileSync(config, "utf8");',
    "program-configured": 'const { name } = JSON.parse(fs.readFileSync(@config@, "utf8"));\nchild_process.execFileSync(name, ["--version"]);\nreturn "yes";',
    "command-configured": 'const { name } = JSON.parse(fs.readFileSync(@config@, "utf8"));\nconst [program, ...words] = name.split(" ");\nchild_process.execFileSync(program, words);\nreturn "yes";',
    "command": 'child_process.execFileSync(@bare-first@, @bare-others@);\nreturn "yes";',
    "database": 'fs.writeFileSync(path.join(@directory@, @name@), "");\nreturn "yes";',
    "read-url": 'const url = process.env.SEED_URL || @url@;\nreturn fs.readFileSync(url.slice(@start@.length), "utf8");',
    "command-shell": 'child_process.execSync(@what@);\nreturn "yes";',
}
GO: Mapping[str, str] = {
    "read": "found, err := os.ReadFile(@what@)\nreturn string(found), err",
    "read-path": "found, err := os.ReadFile(filepath.Clean(@what@))\nreturn string(found), err",
    "read-joined": 'own, err := os.Executable()\nif err != nil {\n\treturn "", err\n}\nfound, err := os.ReadFile(filepath.Join(filepath.Dir(own), @directory@, @name@))\nreturn string(found), err',
    "read-formatted": 'base := @directory@\nfound, err := os.ReadFile(base + "/" + @name@)\nreturn string(found), err',
    "read-split": "parts := []string{@directory@, @name@}\nfound, err := os.ReadFile(filepath.Join(parts...))\nreturn string(found), err",
    "read-named": 'name := os.Getenv(@variable@)\nif name == "" {\n\tname = @default@\n}\nfound, err := os.ReadFile(name)\nreturn string(found), err',
    "read-computed": 'name := fmt.Sprintf("%s.%s", @stem@, @extension@)\nfound, err := os.ReadFile(filepath.Join(@directory@, name))\nreturn string(found), err',
    "stat": 'found, err := os.Stat(@what@)\nif err != nil {\n\treturn "", err\n}\nown := found.Sys().(*syscall.Stat_t)\nreturn fmt.Sprintf("%o %d %d", own.Mode&07777, own.Uid, own.Gid), nil',
    "link": "return os.Readlink(@what@)",
    "list": 'rows, err := os.ReadDir(@what@)\nnames := []string{}\nfor _, row := range rows {\n\tnames = append(names, row.Name())\n}\nsort.Strings(names)\nreturn strings.Join(names, " "), err',
    "media-type": 'found := mime.TypeByExtension("." + @name@)\nif found == "" {\n\treturn "", os.ErrNotExist\n}\nreturn "yes", nil',
    "served": 'server := http.FileServer(http.Dir(@directory@))\nanswer := httptest.NewRecorder()\nserver.ServeHTTP(answer, httptest.NewRequest("GET", "/"+@name@, nil))\nif answer.Code != 200 {\n\treturn "", errors.New(answer.Result().Status)\n}\nreturn answer.Body.String(), nil',
    "program": 'return "yes", exec.Command(@what@, "--version").Run()',
    "program-which": '_, err := exec.LookPath(@what@)\nreturn "yes", err',
    "program-shell": 'return "yes", exec.Command("sh", "-c", "cd / && "+@what@+" --version").Run()',
    "program-named": 'name := os.Getenv(@variable@)\nif name == "" {\n\tname = @default@\n}\nreturn "yes", exec.Command(name, "--version").Run()',
    "env": "return os.Getenv(@what@), nil",
    "user": 'return fmt.Sprintf("%d %d", os.Getuid(), os.Getgid()), nil',
    "cwd": "return os.Getwd()",
    "home": 'return os.Getenv("HOME"), nil',
    "write": 'file, err := os.CreateTemp(@what@, "try-")\nif err == nil {\n\tos.Remove(file.Name())\n}\nreturn "yes", err',
    "zone": '_, err := time.LoadLocation(@what@)\nreturn "yes", err',
    "embedded": "found, err := embedded.ReadFile(@what@)\nreturn string(found), err",
    "defined": "return @bare@, nil",
    "certificates": 'if len(os.Args) > 9 {\n\thttp.Get("https://example.com/")\n}\nfound, err := x509.SystemCertPool()\nif err == nil && found.Equal(x509.NewCertPool()) {\n\terr = os.ErrNotExist\n}\nreturn "yes", err',
    "exists": '_, err := os.Stat(@what@)\nreturn "yes", err',
    "walk": 'names := []string{}\nerr := filepath.WalkDir(@what@, func(place string, row fs.DirEntry, err error) error {\n\tif err == nil && !row.IsDir() {\n\t\tnames = append(names, strings.TrimPrefix(place, @what@+"/"))\n\t}\n\treturn err\n})\nsort.Strings(names)\nreturn strings.Join(names, " "), err',
    "read-home": 'home, err := os.UserHomeDir()\nif err != nil {\n\treturn "", err\n}\nfound, err := os.ReadFile(filepath.Join(home, @what@))\nreturn string(found), err',
    "read-configured": 'var config struct{ Name string }\ntext, err := os.ReadFile(@config@)\nif err != nil {\n\treturn "", err\n}\nif err := json.Unmarshal(text, &config); err != nil {\n\treturn "", err\n}\nfound, err := os.ReadFile(config.Name)\nreturn string(found), err',
    "read-first": 'for _, place := range []string{@other@, @what@} {\n\tif found, err := os.ReadFile(place); err == nil {\n\t\treturn string(found), nil\n\t}\n}\nreturn "", os.ErrNotExist',
    "read-argument": "found, err := os.ReadFile(os.Args[1])\nreturn string(found), err",
    "read-option": 'flags := flag.NewFlagSet("app", flag.ContinueOnError)\nname := flags.String("config", @what@, "where the settings are")\nif err := flags.Parse(nil); err != nil {\n\treturn "", err\n}\nfound, err := os.ReadFile(*name)\nreturn string(found), err',
    "program-configured": 'var config struct{ Name string }\ntext, err := os.ReadFile(@config@)\nif err != nil {\n\treturn "", err\n}\nif err := json.Unmarshal(text, &config); err != nil {\n\treturn "", err\n}\nreturn "yes", exec.Command(config.Name, "--version").Run()',
    "command-configured": 'var config struct{ Name string }\ntext, err := os.ReadFile(@config@)\nif err != nil {\n\treturn "", err\n}\nif err := json.Unmarshal(text, &config); err != nil {\n\treturn "", err\n}\nwords := strings.Fields(config.Name)\nreturn "yes", exec.Command(words[0], words[1:]...).Run()',
    "command": 'return "yes", exec.Command(@bare-arguments@).Run()',
    "command-shell": 'return "yes", exec.Command("sh", "-c", @what@).Run()',
    "database": 'file, err := os.Create(@directory@ + "/" + @name@)\nif err == nil {\n\terr = file.Close()\n}\nreturn "yes", err',
    "read-url": 'url := os.Getenv("SEED_URL")\nif url == "" {\n\turl = @url@\n}\nfound, err := os.ReadFile(strings.TrimPrefix(url, @start@))\nreturn string(found), err',
    "list-url": 'rows, err := os.ReadDir(strings.TrimPrefix(@url@, "file://"))\nnames := []string{}\nfor _, row := range rows {\n\tnames = append(names, row.Name())\n}\nsort.Strings(names)\nreturn strings.Join(names, " "), err',
    "capability": 'own, err := os.Executable()\nif err != nil {\n\treturn "", err\n}\n_, err = syscall.Getxattr(own, "security.capability", make([]byte, 64))\nreturn "yes", err',
}
FORMS = {"python": PYTHON, "node": NODE, "go": GO}
_PYTHON_IMPORTS = (
    "argparse configparser ctypes glob importlib os shutil subprocess sys tempfile zoneinfo".split()
)
_NODE_IMPORTS = "child_process fs os path".split()
_GO_IMPORTS = {
    "errors": "errors.", "net/http": "http.", "net/http/httptest": "httptest.", "os/exec": "exec.",
    "path/filepath": "filepath.", "sort": "sort.", "strings": "strings.", "syscall": "syscall.", "time": "time.",
    "os/user": "user.", "text/template": "template.", "os": "os.", "flag": "flag.", "io/fs": "fs.", "mime": "mime.", "crypto/x509": "x509.",
}  # fmt: skip


def filled(language: str, form: str, words: Mapping[str, str]) -> str:
    """The body of a function for one probe."""
    text = FORMS[language][form]
    rows = {name.replace("_", "-"): value for name, value in words.items()}
    for name, value in rows.items():
        text = text.replace(f"@{name}@", value if name.startswith("bare") else json.dumps(value))
    assert "@" not in text.replace("@@", ""), (form, words)
    return text


def main_source(
    language: str,
    parts: Sequence[tuple[str, str]],
    imports: Sequence[str] = (),
    head: str = "",
    title: str = "app",
) -> str:
    """The main file of a program. `parts` are labels and bodies, `imports` names of the project's own modules."""
    return {"python": _python, "node": _node, "go": _go}[language](parts, imports, head, title)


def _indented(text: str, by: str = "    ") -> str:
    return "\n".join(by + line for line in text.split("\n"))


def _function(label: str) -> str:
    return "part_" + re.sub(r"\W", "_", label)


def _python(parts: Sequence[tuple[str, str]], imports: Sequence[str], head: str, title: str) -> str:
    bodies = "\n\n\n".join(f"def {_function(n)}():\n{_indented(body)}" for n, body in parts)
    known = [*(m for m in _PYTHON_IMPORTS if re.search(rf"\b{m}\.", bodies)), "json"]
    lines = [f'"""{title}: reports what it finds."""', "", *(f"import {m}" for m in sorted(known))]
    lines += ["from pathlib import Path"] if "Path(" in bodies else []
    lines += ["", *(f"import {m}" for m in imports)] if imports else []
    rows = "".join(f"    {json.dumps(n)}: {_function(n)},\n" for n, _ in parts)
    return (
        "\n".join(lines)
        + f"""
{head}

{bodies}


PARTS = {{
{rows}}}


def main():
    report = {{}}
    for name, part in PARTS.items():
        try:
            report[name] = part()
        except Exception:
            report[name] = "missing"
    print("REPORT " + json.dumps(report), flush=True)


if __name__ == "__main__":
    main()
"""
    )


def _node(parts: Sequence[tuple[str, str]], imports: Sequence[str], head: str, title: str) -> str:
    bodies = "\n\n".join(f"function {_function(n)}() {{\n{_indented(body, '  ')}\n}}" for n, body in parts)
    known = [f'const {m} = require("{m}");' for m in _NODE_IMPORTS if re.search(rf"\b{m}\.", bodies)]
    own = [f'require("./{m}");' for m in imports]
    rows = "".join(f"  {json.dumps(n)}: {_function(n)},\n" for n, _ in parts)
    return (
        "\n".join([f"// {title}: reports what it finds.", *known, *own])
        + f"""
{head}
{bodies}

const parts = {{
{rows}}};

const report = {{}};
for (const [name, part] of Object.entries(parts)) {{
  try {{
    report[name] = part();
  }} catch (error) {{
    report[name] = "missing";
  }}
}}
console.log("REPORT " + JSON.stringify(report));
"""
    )


def _go(parts: Sequence[tuple[str, str]], imports: Sequence[str], head: str, title: str) -> str:
    bodies = "\n\n".join(
        f"func {_function(n)}() (string, error) {{\n{_indented(body, chr(9))}\n}}" for n, body in parts
    )
    known = {
        "encoding/json",
        "fmt",
        *(m for m, use in _GO_IMPORTS.items() if re.search(rf"\b{re.escape(use)}[A-Z]", bodies)),
    }
    lines = [f'\t"{m}"' for m in sorted(known)]
    lines += ['\t_ "embed"' if "embed.FS" not in head else '\t"embed"'] if "go:embed" in head else []
    lines += ["", *(f'\t"{m.removeprefix("_")}"' for m in imports)] if imports else []
    rows = "".join(f"\t\t{json.dumps(n)}: {_function(n)},\n" for n, _ in parts)
    return (
        f"""// {title} reports what it finds.
package main

import (
"""
        + "\n".join(lines)
        + f"""
)
{head}
{bodies}

func main() {{
	parts := map[string]func() (string, error){{
{rows}	}}
	report := map[string]string{{}}
	for name, part := range parts {{
		found, err := part()
		if err != nil {{
			found = "missing"
		}}
		report[name] = found
	}}
	text, _ := json.Marshal(report)
	fmt.Println("REPORT " + string(text))
}}
"""
    )
