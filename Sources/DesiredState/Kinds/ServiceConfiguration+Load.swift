internal import CurfewModel
internal import Glibc

extension ServiceConfiguration {
    /// Reads and validates a configuration file of at most 1 MiB.
    /// - Parameter path: absolute, or relative to the current folder; diagnostics name it as it is given.
    /// - Throws: ``ConfigurationError`` with everything that is wrong at once.
    public static func load(path: String) throws(ConfigurationError) -> ServiceConfiguration {
        let limit = LoadLimits().fileSize
        guard let file = fopen(path, "re") else {
            let reason = String(cString: strerror(errno))
            throw failure(path, "cannot be read: \(reason) (name another file with --config)")
        }
        defer { fclose(file) }
        var bytes = [UInt8](repeating: 0, count: limit + 1)
        let size = fread(&bytes, 1, bytes.count, file)
        if ferror(file) != 0 { throw failure(path, "cannot be read; it has to be a file") }
        if size > limit { throw failure(path, "the file has more than \(limit) bytes") }
        return try parse(bytes[..<size], name: path, folder: folder(of: path))
    }

    /// Validates the text of a configuration.
    static func parse(_ bytes: ArraySlice<UInt8>, name: String, folder: String) throws(ConfigurationError)
        -> ServiceConfiguration
    {
        let yaml = YAMLReader(limits: LoadLimits())
        bytes.withUnsafeBytes { yaml.read($0) }
        let decoder = Decoder(yaml)
        var result: ServiceConfiguration?
        if let root = yaml.documents.first {
            result = decoder.configuration(root, folder: folder)
            for other in yaml.documents.dropFirst() {
                decoder.report(other, "a configuration is one document; this is another one")
            }
        }
        let problems = yaml.problems + decoder.problems
        guard problems.isEmpty else {
            throw ConfigurationError(diagnostics: problems.map { Diagnostic($0, file: name) }.inOrder)
        }
        guard let result else { throw failure(name, "the file is empty; 'curfew init' writes one") }
        return result
    }

    private static func failure(_ path: String, _ message: String) -> ConfigurationError {
        ConfigurationError(diagnostics: [Diagnostic(file: path, message)])
    }

    /// The absolute folder that the file lies in.
    private static func folder(of path: String) -> String {
        var current = "/"
        if !path.hasPrefix("/"), let buffer = getcwd(nil, 0) {
            current = String(cString: buffer)
            free(buffer)
        }
        let file = Decoder.absolute(path, folder: current)
        return String(file[..<(file.lastIndex(of: "/") ?? file.startIndex)])
    }
}
