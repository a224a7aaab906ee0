#include "core/circuits/graph_text.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <utility>

namespace tt {
namespace {

/// The code point at the start of `bytes` and its length; length 0 where no valid UTF-8 character starts.
std::pair<char32_t, size_t> decodeOne(std::string_view bytes) {
    const auto byte = [&](size_t i) { return static_cast<uint32_t>(static_cast<unsigned char>(bytes[i])); };
    const uint32_t first = byte(0);
    const size_t length = first < 0x80                    ? 1
                          : first >= 0xC2 && first < 0xE0 ? 2
                          : (first >> 4) == 0xE           ? 3
                          : first >= 0xF0 && first < 0xF5 ? 4
                                                          : 0;
    if (length == 0 || length > bytes.size())
        return {0, 0};
    uint32_t code = length == 1 ? first : first & (0x7Fu >> length);
    for (size_t i = 1; i < length; ++i) {
        if ((byte(i) & 0xC0) != 0x80)
            return {0, 0};
        code = code << 6 | (byte(i) & 0x3F);
    }
    const bool overlong = (length == 3 && code < 0x800) || (length == 4 && code < 0x10000);
    if (overlong || (code >= 0xD800 && code < 0xE000) || code > 0x10FFFF)
        return {0, 0};
    return {code, length};
}

using Range = std::pair<char32_t, char32_t>;

template <size_t n>
bool within(char32_t code, const std::array<Range, n> &ranges) {
    return std::any_of(ranges.begin(), ranges.end(),
                       [&](const Range &r) { return code >= r.first && code <= r.second; });
}

bool showsNothing(char32_t code) { // controls, direction marks, and what XML 1.0 forbids
    static constexpr std::array<Range, 7> ranges{{{0, 0x1F},
                                                  {0x7F, 0x9F},
                                                  {0x200E, 0x200F},
                                                  {0x2028, 0x202E},
                                                  {0x2066, 0x2069},
                                                  {0xFEFF, 0xFEFF},
                                                  {0xFFFE, 0xFFFF}}};
    return within(code, ranges);
}

int widthOf(char32_t code) {
    static constexpr std::array<Range, 4> none{{{0x300, 0x36F}, {0x200B, 0x200D}, {0x20D0, 0x20FF}, {0xFE00, 0xFE0F}}};
    static constexpr std::array<Range, 8> wide{{{0x1100, 0x115F},
                                                {0x2E80, 0xA4CF},
                                                {0xAC00, 0xD7A3},
                                                {0xF900, 0xFAFF},
                                                {0xFE30, 0xFE6F},
                                                {0xFF00, 0xFF60},
                                                {0x1F300, 0x1FAFF},
                                                {0x20000, 0x3FFFD}}};
    return within(code, none) ? 0 : within(code, wide) ? 2 : 1;
}

std::string hexOf(std::string_view bytes) {
    constexpr std::string_view digits = "0123456789ABCDEF";
    std::string out = "⟨";
    for (size_t i = 0; i < bytes.size(); ++i) {
        const auto value = static_cast<unsigned char>(bytes[i]);
        if (i > 0)
            out += ' ';
        out += digits[value >> 4];
        out += digits[value & 15];
    }
    return out + "⟩";
}

/// How many bytes of `text` fill at most `columns` columns.
size_t prefixOf(std::string_view text, int columns) {
    size_t end = 0;
    for (int used = 0; end < text.size();) {
        const auto [code, length] = decodeOne(text.substr(end));
        used += length == 0 ? 1 : widthOf(code);
        if (used > columns)
            break;
        end += std::max<size_t>(length, 1);
    }
    return end;
}

std::string withMinus(std::string number) {
    if (number.starts_with('-'))
        number.replace(0, 1, "−");
    return number;
}

} // namespace

std::string visibleText(std::string_view bytes, Spaces spaces) {
    std::string out;
    for (size_t i = 0; i < bytes.size();) {
        const auto [code, length] = decodeOne(bytes.substr(i));
        if (length > 0 && code == U' ' && spaces == Spaces::Show)
            out += "␣";
        else if (code == U'\n')
            out += "↵";
        else if (code == U'\t')
            out += "⇥";
        else if (length > 0 && !showsNothing(code))
            out += bytes.substr(i, length);
        else {
            size_t end = i + std::max<size_t>(length, 1);
            while (length == 0 && end < bytes.size() && decodeOne(bytes.substr(end)).second == 0)
                ++end; // a run of broken bytes is shown together
            out += hexOf(bytes.substr(i, end - i));
            i = end;
            continue;
        }
        i += length;
    }
    return out;
}

bool isUtf8(std::string_view bytes) {
    while (!bytes.empty()) {
        const size_t length = decodeOne(bytes).second;
        if (length == 0)
            return false;
        bytes.remove_prefix(length);
    }
    return true;
}

int columnsOf(std::string_view text) {
    int columns = 0;
    for (size_t i = 0; i < text.size();) {
        const auto [code, length] = decodeOne(text.substr(i));
        columns += length == 0 ? 1 : widthOf(code);
        i += std::max<size_t>(length, 1);
    }
    return columns;
}

std::string elided(std::string_view text, int columns) {
    if (columnsOf(text) <= columns)
        return std::string(text);
    return std::string(text.substr(0, prefixOf(text, columns - 1))) + "…";
}

std::vector<std::string> wrapped(std::string_view text, int columns, int lines) {
    std::vector<std::string> out;
    while (!text.empty()) {
        text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
        if (static_cast<int>(out.size()) + 1 == lines || columnsOf(text) <= columns) {
            if (!text.empty())
                out.push_back(elided(text.substr(0, text.find_last_not_of(' ') + 1), columns));
            break;
        }
        size_t end = prefixOf(text, columns);
        if (const size_t space = text.rfind(' ', end); space != std::string_view::npos && space > 0)
            end = space;
        out.emplace_back(text.substr(0, end));
        text.remove_prefix(end);
    }
    return out;
}

std::string exactNumber(double value) {
    std::array<char, 64> buffer{};
    return {buffer.data(), std::to_chars(buffer.data(), buffer.data() + buffer.size(), value).ptr};
}

std::string shortNumber(double value, int figures) {
    std::array<char, 64> buffer{};
    const auto end =
        std::to_chars(buffer.data(), buffer.data() + buffer.size(), value, std::chars_format::general, figures);
    return withMinus({buffer.data(), end.ptr});
}

std::string fixedNumber(double value, int decimals) {
    std::array<char, 400> buffer{};
    const auto end =
        std::to_chars(buffer.data(), buffer.data() + buffer.size(), value, std::chars_format::fixed, decimals);
    return {buffer.data(), end.ptr};
}

std::string xmlEscaped(std::string_view text) {
    std::string out;
    for (const char c : text) {
        switch (c) {
        case '&':
            out += "&amp;";
            break;
        case '<':
            out += "&lt;";
            break;
        case '>':
            out += "&gt;";
            break;
        case '"':
            out += "&quot;";
            break;
        case '\'':
            out += "&#39;";
            break;
        default:
            out += c;
        }
    }
    return out;
}

} // namespace tt
