"""What sizes can do: arithmetic, formulas, windows, residues. No layer is known here."""
