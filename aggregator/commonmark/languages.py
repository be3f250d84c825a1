"""Programming languages that a fence may name: highlighters colour them, and nothing acts upon them."""

# Hugo, its themes and GitHub draw pictures of some languages, or run them: goat, mermaid, math, plantuml, dot,
# graphviz, geojson, topojson, stl, abc, chart, echarts, vega, markmap. Those are not listed.
_NAMES = """
    abap actionscript ada agda ahk al apache apex apl applescript arduino asciidoc asm assembly autohotkey autoit awk
    bash bat batch basic bazel bc bibtex bicep c c# c++ cc cfg clojure clj cmake cmd cobol coffee coffeescript
    common-lisp conf config console cpp cr crystal cs csharp css cuda cypher cython d dart delphi dhall diff
    django docker dockerfile dos ebnf elisp elixir elm emacs-lisp erb erl erlang ex exs f# fish flow forth fortran
    fs fsharp gdscript gherkin gleam glsl gnuplot go go-html-template golang gradle graphql groovy haml handlebars
    haskell haxe hbs hcl hlsl hs html html+erb http idris ini ignore j janet java javascript jinja jinja2 js json
    json5 jsonc jsonnet jsp jsx julia jl kotlin kt kts kusto latex lean less liquid lisp llvm log lua m4 make
    makefile markdown matlab md meson mips mojo mongodb mysql nasm nginx nim nix nu objc objective-c objectivec
    ocaml octave odin pascal patch perl pgsql php pl plpgsql plsql postgres postgresql postscript powershell prisma
    prolog properties proto protobuf ps1 pug puppet purescript py py3 pycon pyi python python3 python-repl q qml r
    racket raku rb reason regex rego rescript riscv rkt robot rs rst ruby rust sas sass scala scheme scm scss sed sh
    shell shell-session shellscript smali smalltalk sml solidity sparql sql sqlite starlark stylus svelte swift
    systemd systemverilog tcl terraform tex tf thrift toml ts tsql tsx twig typescript typst v vala vb vba vbnet
    verilog vhdl vim viml vimscript vue wasm wgsl x86asm xaml xhtml xml xquery xsl xslt yaml yml zig zsh
"""
LANGUAGES = frozenset(_NAMES.split())
