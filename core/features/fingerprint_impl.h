#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>

namespace tt {

/// A fast 64-bit hash of bytes, to tell whether data are the ones something was made from. Not against malice.
class Fingerprint {
public:
    void add(std::span<const std::byte> bytes) {
        for (; bytes.size() >= sizeof(uint64_t); bytes = bytes.subspan(sizeof(uint64_t))) {
            uint64_t word = 0;
            std::memcpy(&word, bytes.data(), sizeof word);
            mix(word);
        }
        uint64_t rest = bytes.size();
        for (const std::byte byte : bytes)
            rest = rest << 8 | static_cast<uint64_t>(byte);
        mix(rest);
    }
    template <class T>
    void addValues(std::span<const T> values) {
        add(std::as_bytes(values));
    }
    void add(std::string_view text) { addValues(std::span(text.data(), text.size())); }
    void add(int64_t number) { mix(static_cast<uint64_t>(number)); }
    [[nodiscard]] std::string hex() const {
        std::string text;
        for (int shift = 60; shift >= 0; shift -= 4)
            text += "0123456789abcdef"[state_ >> shift & 15];
        return text;
    }

private:
    void mix(uint64_t word) {
        state_ = std::rotl((state_ ^ word) * 0x9e3779b97f4a7c15U, 29);
        state_ ^= state_ >> 32;
    }
    uint64_t state_ = 0x243f6a8885a308d3U;
};

} // namespace tt
