package vcs

import "os/exec"

// Clone makes a bare copy of the repository below dir.
func Clone(url, dir string) error {
	cmd := exec.Command("git", "clone", "--mirror", url)
	cmd.Dir = dir
	return cmd.Run()
}
