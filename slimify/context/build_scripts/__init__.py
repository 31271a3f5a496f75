"""Build scripts that call Docker: shell scripts, Makefiles, Jenkinsfiles and CI files."""
