"""Print precision and recall on the labelled pairs, as a table for docs/performance.md."""

from tests.dedupe.pairs import SAME, labelled_pairs, scores

if __name__ == "__main__":
    pairs = labelled_pairs()
    precision, by_kind = scores(pairs)
    print(f"{len(pairs)} pairs in {len({pair.language for pair in pairs})} languages, precision {precision:.3f}")
    print("| kind | pairs | found |")
    print("|---|---|---|")
    for kind, (hits, count) in by_kind.items():
        print(f"| {kind} ({'one report' if kind in SAME else 'two reports'}) | {count} | {hits / count:.2f} |")
