"""The paper: its tables as data, counting rules, our figures beside its own, its rows run again."""
