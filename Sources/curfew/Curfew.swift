import CurfewCLI
import CurfewGitSource
import Glibc

@main struct Curfew {
    static func main() async {
        // First of all: a reader that goes away must be an error to handle, not the end of the daemon.
        signal(SIGPIPE, SIG_IGN)
        if CommandLine.arguments.dropFirst().first == "git-worker" { exit(await GitWorker.run()) }
        await CurfewCommand.main()
    }
}
