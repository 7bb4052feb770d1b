"""What can be: steps, events, guards, the chart, and the record of a flow at rest. Nothing here does I/O or reads a clock."""
