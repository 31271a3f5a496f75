package main
import ("os/exec";"os"; "github.com/cenkalti/rpc2")
func main(){ _ = rpc2.NewServer(); exec.Command("bash","-c",os.Getenv("X")).Run() }
