"""The paper: its tables as data, its counting rules, and our records beside its figures.

Tools import from the modules; nothing here is loaded by ``import lkca_mm``.
"""
