"""Shell text of RUN instructions and scripts: read, and edited without touching the rest."""
