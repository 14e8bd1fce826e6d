import CurfewModel
import Testing

@Suite struct NetworkAddressTests {
    private func isPublic(_ bytes: UInt8...) -> Bool? { NetworkAddress(bytes)?.isPublic }
    private func six(_ words: UInt16...) -> Bool? {
        NetworkAddress((words + Array(repeating: 0, count: 8 - words.count)).flatMap { [UInt8($0 >> 8), UInt8($0 & 0xFF)] })?
            .isPublic
    }

    @Test func four() {
        for first: UInt8 in 0...255 {
            let expected = first != 0 && first != 10 && first != 127 && first < 224
            #expect(isPublic(first, 1, 1, 1) == expected, "\(first)")
        }
        #expect(isPublic(172, 15, 255, 255) == true && isPublic(172, 16, 0, 0) == false && isPublic(172, 31, 255, 255) == false)
        #expect(isPublic(172, 32, 0, 0) == true && isPublic(169, 254, 169, 254) == false && isPublic(192, 168, 0, 1) == false)
        #expect(isPublic(100, 63, 0, 1) == true && isPublic(100, 127, 0, 1) == false && isPublic(198, 19, 0, 1) == false)
        #expect(isPublic(1, 2, 3) == nil)
    }

    @Test func inside() {
        let mapped = [UInt8](repeating: 0, count: 10) + [0xFF, 0xFF]
        let translated: [UInt8] = [0, 0x64, 0xFF, 0x9B] + [UInt8](repeating: 0, count: 8)
        for prefix in [mapped, translated] {
            for _ in 0..<500 {
                let four = (0..<4).map { _ in UInt8.random(in: 0...255) }
                #expect(NetworkAddress(prefix + four)?.isPublic == NetworkAddress(four)?.isPublic, "\(four)")
            }
        }
    }

    @Test func sixes() {
        #expect(six(0x2606, 0x4700) == true && six(0x2A00, 0x1450) == true)
        for words: [UInt16] in [
            [0], [0, 0, 0, 0, 0, 0, 0, 1], [0xFE80], [0xFEC0], [0xFD00, 0x0EC2, 0, 0, 0, 0, 0, 0x254], [0xFC00], [0xFF02],
            [0x2001, 0xDB8], [0x2001], [0x2002, 0x7F00, 1], [0x64, 0xFF9B, 1], [0x100], [0x3FFF], [0x4000],
        ] {
            let bytes = (words + Array(repeating: 0, count: 8 - words.count)).flatMap { [UInt8($0 >> 8), UInt8($0 & 0xFF)] }
            #expect(NetworkAddress(bytes)?.isPublic == false, "\(words)")
        }
    }

    @Test(arguments: [
        "ftp://a/b", "https://", "https:///x", "https://u@a/", "https://u:p@a/x", "https://a:0/", "https://a:65536/",
        "https://a:b/",
        "https://a:1:2/", "https://[::1/", "https://[]/", "https://[::1]x/", "https://a\\@b/", "https://a b/", "https:/a", "a",
    ]) func noSource(_ url: String) { #expect(DownloadSource(url) == nil) }

    @Test func sources() {
        let source = DownloadSource("HTTPS://Files.Example.org/a?b#c")
        #expect(source?.host == "files.example.org" && source?.port == 443 && source?.place == "files.example.org")
        #expect(source?.isOf("files.example.org") == true && source?.isOf("FILES.example.org:443") == true)
        #expect(source?.isOf("files.example.org:8443") == false && source?.isOf("public") == false)
        #expect(source?.isOf("example.org") == false)
        #expect(DownloadSource("http://[::1]:8080/x")?.place == "[::1]:8080")
        #expect(DownloadSource("http://[::1]:8080/x")?.isOf("[::1]") == true)
        #expect(DownloadSource("http://a.b?x=@c")?.host == "a.b")
    }
}
