"""What must hold for any bytes, held against hypothesis in the suite and against atheris by `make fuzz`."""
