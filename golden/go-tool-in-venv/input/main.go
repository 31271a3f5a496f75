package main

import "os/exec"

func main() {
	exec.Command("./venv/bin/yt-dlp", "--version").Run()
	exec.Command("ffmpeg", "-version").Run()
}
