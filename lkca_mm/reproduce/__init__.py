"""The paper's tables run again: planned, trained, and set beside what is printed."""
