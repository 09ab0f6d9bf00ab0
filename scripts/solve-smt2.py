#!/usr/bin/env python3
"""Decides SMT-LIB files with z3 and cvc5, one JSON object a line: file, solver, verdict (sat, unsat, unknown) and time.

    pip install z3-solver cvc5
    iam-preflight check-no-new-access --batch questions.jsonl --smt2 questions/
    scripts/solve-smt2.py questions/*.smt2 [--solver z3|cvc5|both] [--z3-seconds 2] [--cvc5-seconds 10]

`sat` means FAIL, `unsat` PASS. Files are read by each solver's own reader; the time, in milliseconds, is that of reading
and deciding.
"""

import argparse
import json
import sys
import time


def with_z3(text, seconds):
    import z3

    solver = z3.Solver()
    solver.set("timeout", int(seconds * 1000))
    solver.from_string(text)
    return str(solver.check())


def with_cvc5(text, seconds):
    import cvc5

    manager = cvc5.TermManager()
    solver = cvc5.Solver(manager)
    solver.setOption("strings-exp", "true")
    solver.setOption("tlimit-per", str(int(seconds * 1000)))
    parser = cvc5.InputParser(solver)
    parser.setStringInput(cvc5.InputLanguage.SMT_LIB_2_6, text, "question")
    symbols = parser.getSymbolManager()
    answer = "unknown"
    while True:
        command = parser.nextCommand()
        if command.isNull():
            return answer
        said = command.invoke(solver, symbols).strip()
        if said in ("sat", "unsat", "unknown"):
            answer = said
        elif said.startswith("(error"):
            raise ValueError(said)


SOLVERS = {"z3": with_z3, "cvc5": with_cvc5}


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("files", nargs="+")
    arguments.add_argument("--solver", choices=[*SOLVERS, "both"], default="both")
    arguments.add_argument("--z3-seconds", type=float, default=2)
    arguments.add_argument("--cvc5-seconds", type=float, default=10)
    options = arguments.parse_args()
    limits = {"z3": options.z3_seconds, "cvc5": options.cvc5_seconds}
    wanted = SOLVERS if options.solver == "both" else [options.solver]
    for file in options.files:
        with open(file, encoding="utf-8") as source:
            text = source.read()
        for name in wanted:
            start = time.perf_counter()
            try:
                verdict = SOLVERS[name](text, limits[name])
            except Exception as error:  # what a solver can't read is an answer of its own
                verdict = f"error: {error}"[:300]
            took = (time.perf_counter() - start) * 1000
            print(json.dumps({"file": file, "solver": name, "verdict": verdict, "ms": round(took, 3)}), flush=True)


if __name__ == "__main__":
    sys.exit(main())
