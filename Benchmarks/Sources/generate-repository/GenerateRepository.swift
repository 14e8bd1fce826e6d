import Foundation
import Workbench

/// `generate-repository FOLDER [COUNT [FILE=VERSION…]]` writes `COUNT` workloads (10,000) below `FOLDER/manifests`.
/// With `NUMBER=VERSION` arguments only those workloads are written, in that version.
@main struct GenerateRepository {
    static func main() throws {
        let arguments = CommandLine.arguments.dropFirst()
        guard let folder = arguments.first, let count = Int(arguments.dropFirst().first ?? "10000") else {
            FileHandle.standardError.write(Data("usage: generate-repository FOLDER [COUNT [NUMBER=VERSION…]]\n".utf8))
            exit(64)
        }
        let files = WorkloadFiles(count: count)
        var versions: [Int: Int] = [:]
        for change in arguments.dropFirst(2) {
            let parts = change.split(separator: "=").compactMap { Int($0) }
            if parts.count == 2 { versions[parts[0]] = parts[1] }
        }
        for (bundle, name) in files.bundles.enumerated() {
            let place = URL(filePath: folder).appending(path: "manifests").appending(path: name)
            try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
            for number in files.workloads(ofBundle: bundle) where versions.isEmpty || versions[number] != nil {
                let text = files.text(number, version: versions[number] ?? 1)
                try Data(text.utf8).write(to: place.appending(path: files.fileName(number)))
            }
        }
    }
}
