public import ArgumentParser
import CurfewDaemon

/// The command line.
public struct CurfewCommand: AsyncParsableCommand {
    public static let configuration = CommandConfiguration(
        commandName: "curfew",
        abstract: "Keeps infrastructure equal to a Git branch: merge to deploy, revert to roll back.",
        discussion: """
            Start with `curfew init`, then `curfew run`. Every command reads the configuration file `curfew.yaml`,
            or the one named with --config.

            Exit codes: 0 done, 1 failed or invalid, 2 changes pending (plan), 64 wrong usage.
            """,
        version: Version.current,
        groupedSubcommands: [
            CommandGroup(name: "Repository:", subcommands: [Init.self, Validate.self, Plan.self, Schema.self, Import.self]),
            CommandGroup(
                name: "Service:",
                subcommands: [
                    Run.self, Status.self, Pause.self, Resume.self, Sync.self, Retry.self, Doctor.self, Token.self,
                    BackupCommand.self,
                    RestoreCommand.self, Teardown.self,
                ]),
            CommandGroup(
                name: "Access:",
                subcommands: [
                    Request.self, Approve.self, Grants.self, Credentials.self, GiveBack.self, Explain.self, Check.self,
                    WhoCan.self, WhatIf.self, Exec.self, Trust.self, Host.self,
                ]),
            CommandGroup(name: "Workloads:", subcommands: [Logs.self, Rollback.self]),
            CommandGroup(name: "Audit:", subcommands: [Events.self, Sessions.self, Replay.self]),
            CommandGroup(name: "Other:", subcommands: [ShowVersion.self]),
        ])

    /// Made by the argument parser.
    public init() {}
}
