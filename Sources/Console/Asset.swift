internal import Crypto

/// A file that pages load. Its version is a part of the address, so that a browser may keep it for ever.
public struct Asset: Sendable {
    /// In `/assets/`.
    public let name: String
    /// MIME type.
    public let type: String
    /// What it holds.
    public let bytes: [UInt8]
    /// Changes with every byte of it.
    public let version: String

    private init(_ name: String, _ type: String, _ bytes: [UInt8]) {
        (self.name, self.type, self.bytes) = (name, type, bytes)
        version = Console.digest(bytes)
    }

    static let style = Asset("console.css", "text/css; charset=utf-8", PackageResources.console_css)
    static let script = Asset("console.js", "text/javascript; charset=utf-8", PackageResources.console_js)
    static let player = Asset("player.js", "text/javascript; charset=utf-8", PackageResources.player_js)
    static let icon = Asset("icon.svg", "image/svg+xml", PackageResources.icon_svg)

    /// Every asset.
    public static let all = [style, script, player, icon]
}

extension Console {
    /// 16 hexadecimal digits that stand for these bytes.
    public static func digest(_ bytes: some Sequence<UInt8>) -> String {
        SHA256.hash(data: Array(bytes)).prefix(8).reduce(into: "") { text, byte in
            text += String(byte >> 4, radix: 16) + String(byte & 15, radix: 16)
        }
    }
}
