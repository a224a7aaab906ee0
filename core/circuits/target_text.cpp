#include "core/circuits/prompt_trace.h"

#include <charconv>

namespace tt {

namespace {
[[noreturn]] void throwTarget(const std::string &text) {
    throw Error("The target \"" + text +
                    "\" is not understood. Use auto, token:TEXT, id:N, diff:IDA,IDB or feature:LAYER/POSITION/FEATURE.",
                Error::Kind::Usage);
}

/// `count` whole numbers separated by `separator`, or none.
std::vector<int32_t> parseNumbers(std::string_view text, char separator, size_t count) {
    std::vector<int32_t> numbers;
    while (true) {
        const size_t end = std::min(text.find(separator), text.size());
        int32_t value = 0;
        const auto [stop, error] = std::from_chars(text.data(), text.data() + end, value);
        if (error != std::errc() || stop != text.data() + end || value < 0)
            return {};
        numbers.push_back(value);
        if (end == text.size())
            break;
        text.remove_prefix(end + 1);
    }
    return numbers.size() == count ? numbers : std::vector<int32_t>();
}

int32_t checkedToken(int32_t id, const Tokenizer &tokenizer) {
    if (id >= tokenizer.vocabSize())
        throw Error("There is no token " + std::to_string(id) + "; the vocabulary has " +
                        std::to_string(tokenizer.vocabSize()) + ".",
                    Error::Kind::Usage);
    return id;
}
} // namespace

Targets parseTargets(const std::string &text, const Tokenizer &tokenizer) {
    if (text.empty() || text == "auto")
        return {};
    const size_t colon = text.find(':');
    if (colon == std::string::npos)
        throwTarget(text);
    const std::string kind = text.substr(0, colon), rest = text.substr(colon + 1);
    if (kind == "token") {
        const auto ids = tokenizer.encode(rest);
        if (ids.size() != 1)
            throw Error("\"" + rest + "\" is " + std::to_string(ids.size()) +
                            " tokens, not one. Most words have a space in front: token:\" time\".",
                        Error::Kind::Usage);
        return {.kind = Targets::Kind::Tokens, .tokens = ids};
    }
    if (const auto id = parseNumbers(rest, ',', 1); kind == "id" && !id.empty())
        return {.kind = Targets::Kind::Tokens, .tokens = {checkedToken(id[0], tokenizer)}};
    if (const auto ids = parseNumbers(rest, ',', 2); kind == "diff" && !ids.empty())
        return {.kind = Targets::Kind::Difference,
                .tokens = {checkedToken(ids[0], tokenizer), checkedToken(ids[1], tokenizer)}};
    if (const auto place = parseNumbers(rest, '/', 3); kind == "feature" && !place.empty())
        return {
            .kind = Targets::Kind::Feature, .tokens = {}, .layer = place[0], .position = place[1], .feature = place[2]};
    throwTarget(text);
}

Targets parseTypedTarget(const std::string &text, const Tokenizer &tokenizer) {
    for (const char *prefix : {"auto", "token:", "id:", "diff:", "feature:"})
        if (text.starts_with(prefix))
            return parseTargets(text, tokenizer);
    constexpr std::string_view between = " | ";
    const size_t bar = text.find(between);
    Targets first = parseTargets("token:" + text.substr(0, bar), tokenizer);
    if (bar == std::string::npos)
        return first;
    const Targets second = parseTargets("token:" + text.substr(bar + between.size()), tokenizer);
    return {.kind = Targets::Kind::Difference, .tokens = {first.tokens.front(), second.tokens.front()}};
}

std::string targetWord(const Targets &targets) {
    switch (targets.kind) {
    case Targets::Kind::TopLogits:
        break;
    case Targets::Kind::Tokens:
        return "id:" + std::to_string(targets.tokens.front());
    case Targets::Kind::Difference:
        return "diff:" + std::to_string(targets.tokens.at(0)) + "," + std::to_string(targets.tokens.at(1));
    case Targets::Kind::Feature:
        return "feature:" + std::to_string(targets.layer) + "/" + std::to_string(targets.position) + "/" +
               std::to_string(targets.feature);
    }
    return "auto";
}

} // namespace tt
