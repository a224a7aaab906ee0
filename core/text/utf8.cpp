#include "core/text/utf8.h"

#include <cstdint>
#include <cstring>

namespace tt {

namespace {

/// What may follow a lead byte: the length of the character and the range of its second byte (Unicode, table 3-7).
struct Lead {
    size_t length = 0;
    uint8_t low = 0x80, high = 0xBF;
};

Lead leadOf(uint8_t byte) {
    if (byte < 0x80)
        return {1};
    if (byte < 0xC2 || byte > 0xF4)
        return {0};
    if (byte < 0xE0)
        return {2};
    if (byte < 0xF0)
        return {3, static_cast<uint8_t>(byte == 0xE0 ? 0xA0 : 0x80), static_cast<uint8_t>(byte == 0xED ? 0x9F : 0xBF)};
    return {4, static_cast<uint8_t>(byte == 0xF0 ? 0x90 : 0x80), static_cast<uint8_t>(byte == 0xF4 ? 0x8F : 0xBF)};
}

bool eightAscii(const char *bytes) {
    uint64_t word = 0;
    std::memcpy(&word, bytes, sizeof word);
    return (word & 0x8080808080808080U) == 0;
}

} // namespace

size_t utf8CharacterLength(std::string_view bytes) {
    if (bytes.empty())
        return 0;
    const Lead lead = leadOf(static_cast<uint8_t>(bytes[0]));
    if (lead.length <= 1)
        return lead.length;
    if (bytes.size() < lead.length)
        return 0;
    const auto second = static_cast<uint8_t>(bytes[1]);
    if (second < lead.low || second > lead.high)
        return 0;
    for (size_t i = 2; i < lead.length; ++i) {
        if ((static_cast<uint8_t>(bytes[i]) & 0xC0U) != 0x80)
            return 0;
    }
    return lead.length;
}

size_t utf8PrefixLength(std::string_view bytes) {
    size_t at = 0;
    while (at < bytes.size()) {
        if (at + 8 <= bytes.size() && eightAscii(bytes.data() + at)) {
            at += 8;
            continue;
        }
        const size_t length = utf8CharacterLength(bytes.substr(at));
        if (length == 0)
            break;
        at += length;
    }
    return at;
}

bool hasMojibake(std::string_view text) {
    for (size_t at = text.find_first_of("\xC3\xEF"); at != std::string_view::npos;
         at = text.find_first_of("\xC3\xEF", at + 1)) {
        const std::string_view rest = text.substr(at);
        if (rest.starts_with("\xEF\xBF\xBD")) // U+FFFD
            return true;
        if (rest.starts_with("\xC3\xA2\xE2\x82\xAC") || rest.starts_with("\xC3\xA2\xC2\x80")) // â€ or â, U+0080
            return true;
        // Â or Ã before U+0080 … U+00BF
        if ((rest.starts_with("\xC3\x82\xC2") || rest.starts_with("\xC3\x83\xC2")) && rest.size() > 3)
            return true;
    }
    return false;
}

} // namespace tt
