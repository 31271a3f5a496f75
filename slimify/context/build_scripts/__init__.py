"""Scripts beside a Dockerfile that call docker: shell, Makefiles, Jenkinsfiles, CI files."""
