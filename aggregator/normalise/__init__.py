"""Feed, Source -> Articles: entries as kept. Pure; tolerates anything; never raises on what a source wrote."""
