"""How quickly the player answers in JupyterLab and Chromium; run by ``make bench-player``."""
