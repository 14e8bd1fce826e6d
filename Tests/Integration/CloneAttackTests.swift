import CurfewModel
import CurfewTestSupport
import Foundation
import Glibc
import Testing

/// A clone that somebody else handed on: whatever its configuration names, no command of Curfew's runs it.
@Suite(.enabled(if: geteuid() == 0, "accounts belong to root")) struct CloneAttackSerial {
    /// Every key of a repository by which git runs a program, each with one that leaves a mark.
    private static func plant(_ clone: String, _ marks: String, _ scratch: Scratch) async throws {
        func program(_ name: String, _ rest: String = "exit 0") throws -> String {
            let path = try scratch.write("evil/\(name)", "#!/bin/sh\n: > \(marks)/\(name)\n\(rest)\n")
            chmod(path, 0o755)
            return path
        }
        let simple = [
            "core.fsmonitor", "core.sshCommand", "core.gitProxy", "core.askPass", "core.pager", "core.editor",
            "core.alternateRefsCommand", "sequence.editor", "gpg.program", "gpg.ssh.program", "gpg.ssh.defaultKeyCommand",
            "gpg.openpgp.program", "gpg.x509.program", "diff.external", "diff.evil.textconv", "diff.evil.command",
            "filter.evil.clean", "filter.evil.smudge", "filter.evil.process", "merge.evil.driver",
            "trailer.sign.command", "trailer.sign.cmd", "uploadpack.packObjectsHook", "remote.origin.uploadpack",
            "remote.origin.receivepack", "interactive.diffFilter", "man.x.cmd", "browser.x.cmd", "sendemail.sendmailcmd",
        ]
        for key in simple { try await git("config", key, program(key), in: clone) }
        for key in ["alias.rev-parse", "alias.fetch", "alias.push", "credential.helper", "credential.https://x.example.helper"]
        {
            try await git("config", key, "!" + program(key.replacing("/", with: "_")), in: clone)
        }
        let more = try scratch.write("evil/more", "[core]\n\tsshCommand = \(program("included"))\n")
        try await git("config", "include.path", more, in: clone)
        try await git("config", "init.templateDir", scratch.file("evil"), in: clone)
        try await git("config", "remote.origin.vcs", "evil", in: clone)
        try await git("config", "url.ext::sh -c \(program("insteadof")) #.insteadOf", "https://nowhere.example/", in: clone)
        try await git("config", "protocol.ext.allow", "always", in: clone)
        try await git("config", "gc.auto", "1", in: clone)
        try await git("config", "core.hooksPath", scratch.file("evil-hooks"), in: clone)
        for hook in [
            "reference-transaction", "pre-push", "post-index-change", "pre-auto-gc", "post-checkout", "fsmonitor-watchman",
        ] {
            for folder in [scratch.file("evil-hooks"), clone + "/.git/hooks"] {
                try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
                try "#!/bin/sh\n: > \(marks)/hook-\(hook)\n".write(
                    toFile: folder + "/" + hook, atomically: false, encoding: .utf8)
                chmod(folder + "/" + hook, 0o755)
            }
        }
        try FileManager.default.createDirectory(atPath: clone + "/.git/info", withIntermediateDirectories: true)
        try "* filter=evil diff=evil merge=evil\n".write(
            toFile: clone + "/.git/info/attributes", atomically: false, encoding: .utf8)
    }

    @Test(.timeLimit(.minutes(2))) func nothingThatACloneNamesIsRun() async throws {
        try await AccessWorld.with("clone") { world, _ in
            let clone = world.world.clone("alice")
            let scratch = world.world.scratch
            let marks = scratch.file("marks")
            try FileManager.default.createDirectory(atPath: marks, withIntermediateDirectories: true)
            try await Self.plant(clone, marks, scratch)
            func ran() -> [String] { (try? FileManager.default.contentsOfDirectory(atPath: marks)) ?? [] }
            let asked = try await world.curfew(
                "alice", "request", "debug", "--for", "5m", "--reason", "INC-1: x", "--name", "one")
            #expect(asked.code == 0, "\(asked.errors)")
            for words in [
                ["explain", "one"], ["who-can", "debug"], ["check", "origin/main..origin/request/one"], ["trust", "export"],
                ["what-if", "origin/main..origin/request/one"], ["approve", "one", "--yes", "x"], ["give-back", "one"],
                ["credentials", "one", "--key", world.world.key("alice"), "--wait", "1s"],
            ] {
                _ = try await execute(
                    world.world.program, words, in: clone,
                    environment: [
                        "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_SYSTEM": "/dev/null",
                        "XDG_STATE_HOME": scratch.file("state-x"),
                    ])
                #expect(ran().isEmpty, "\(words): \(ran())")
            }
            // The person's own, global configuration goes on counting.
            let signer = try scratch.write("signer", "#!/bin/sh\n: > \(scratch.file("global"))\nexec ssh-keygen \"$@\"\n")
            chmod(signer, 0o755)
            let global = try scratch.write("global.config", "[gpg \"ssh\"]\n\tprogram = \(signer)\n")
            let mine = try await execute(
                world.world.program, ["request", "debug", "--for", "5m", "--reason", "INC-1: x", "--name", "two"], in: clone,
                environment: ["GIT_CONFIG_GLOBAL": global, "GIT_CONFIG_SYSTEM": "/dev/null"])
            #expect(mine.code == 0 && access(scratch.file("global"), F_OK) == 0, "\(mine.errors)")
            #expect(ran().isEmpty)
            // Addresses that run something, and a repository inside the clone with hooks of its own.
            for address in ["ext::sh -c 'touch \(marks)/ext'", "evil::x", "--upload-pack=x", clone + "/inside.git"] {
                try await git("config", "remote.origin.url", address, in: clone)
                let bad = try await world.curfew("alice", "request", "debug", "--for", "5m", "--reason", "INC-1: x")
                #expect(bad.code != 0 && ran().isEmpty, "\(address)")
            }
            // A bare repository in a folder of the work tree, and a clone of somebody else's.
            let bare = clone + "/vendor"
            try FileManager.default.copyItem(atPath: clone + "/.git", toPath: bare)
            try await git("--git-dir", bare, "config", "core.bare", "true", in: clone)
            let inside = try await execute(world.world.program, ["who-can", "debug"], in: bare)
            #expect(inside.code != 0 && inside.errors.contains("bare repository"), "\(inside.errors)")
            chown(clone, 65_534, 65_534)
            chown(clone + "/.git", 65_534, 65_534)
            let foreign = try await world.curfew("alice", "who-can", "debug")
            #expect(foreign.code != 0 && foreign.errors.contains("safe.directory"), "\(foreign.errors)")
            #expect(ran().isEmpty)
        }
    }
}
