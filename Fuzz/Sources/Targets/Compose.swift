@testable import CurfewDesiredState
import CurfewModel

/// Compose files and `.env` files: a first part of variables, then the file, then files beside it.
enum ComposeTarget {
    @Sendable static func run(_ bytes: UnsafeRawBufferPointer) {
        let parts = parts(bytes)
        var options = ComposeOptions(runtime: Name(literal: "docker"), project: "shop")
        if parts.count > 1, let variables = try? ComposeOptions.variables(parts[1], file: ".env", before: ["HOME": "/root"]) {
            options.variables = variables
        }
        options.leastPrivilege = parts.count > 2
        let imported = ComposeImport(parts[0], file: "compose.yaml", options: options) { _ throws(ComposeFileFault) in
            guard parts.count > 2 else { throw ComposeFileFault("there is none") }
            return parts[2]
        }
        for note in imported.notes { expect(note.line >= 0 && note.column >= 0, "a note outside of its file") }
        for workload in imported.workloads {
            let text = workload.manifest
            expect(text.utf8.count < 64 << 20, "a workload grew to \(text.utf8.count) bytes")
        }
    }
}
