"""Forms: every step described to a person, and read back."""
