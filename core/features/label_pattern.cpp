#include "core/features/label_pattern.h"

#include "core/error.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <map>
#include <numeric>

namespace tt {

namespace {

constexpr std::string_view openQuote = "“", closeQuote = "”", separator = ", ";
constexpr std::string_view afterWord = "after", beforeWord = "before";
constexpr int64_t readAtOnce = 1 << 16;

bool isPlain(std::string_view word) {
    return !word.empty() && word != afterWord && word != beforeWord &&
           std::all_of(word.begin(), word.end(), [](unsigned char c) { return std::isalpha(c) != 0; });
}

std::string list(const std::vector<std::string> &words) {
    std::string text;
    for (const std::string &word : words) {
        text += text.empty() ? "" : separator;
        text += isPlain(word) ? word : std::string(openQuote) + word + std::string(closeQuote);
    }
    return text;
}

/// The words at the beginning of `text`, which is cut by them; nothing where it begins otherwise.
std::optional<std::vector<std::string>> takeList(std::string_view &text) {
    std::vector<std::string> words;
    do {
        size_t length = 0;
        if (text.starts_with(openQuote)) {
            const size_t end = text.find(closeQuote, openQuote.size() + 1); // “”” is a closing quote, quoted
            if (end == std::string_view::npos)
                return std::nullopt;
            words.emplace_back(text.substr(openQuote.size(), end - openQuote.size()));
            length = end + closeQuote.size();
        } else {
            while (length < text.size() && std::isalpha(static_cast<unsigned char>(text[length])))
                ++length;
            words.emplace_back(text.substr(0, length));
            if (!isPlain(words.back()))
                return std::nullopt;
        }
        text.remove_prefix(length);
    } while (text.starts_with(separator) && (text.remove_prefix(separator.size()), true));
    return words;
}

bool takeWord(std::string_view &text, std::string_view word) {
    std::string_view rest = text;
    if (rest.starts_with(' '))
        rest.remove_prefix(1);
    if (!rest.starts_with(word) || rest.substr(word.size(), 1) != " ")
        return false;
    text = rest.substr(word.size() + 1);
    return true;
}

/// The words of the tokens before, at and after a place of the corpus; empty where there is none.
std::array<std::string, 3> wordsAround(const Dictionary &dictionary, int64_t offset) {
    std::array<std::string, 3> words;
    for (int64_t place = 0; place < 3; ++place) {
        const int64_t at = offset + place - 1;
        int32_t id = 0;
        if (at < 0 || at >= dictionary.tokens->size())
            continue;
        dictionary.tokens->read(at, {&id, 1});
        words[static_cast<size_t>(place)] = labelWord(dictionary.model->tokenizer.text(id));
    }
    return words;
}

bool holds(const std::vector<std::string> &words, const std::string &word) {
    return words.empty() || std::find(words.begin(), words.end(), word) != words.end();
}

bool agrees(const LabelPattern &pattern, const std::array<std::string, 3> &words) {
    return holds(pattern.after, words[0]) && holds(pattern.token, words[1]) && holds(pattern.before, words[2]);
}

using Contexts = std::vector<std::array<std::string, 3>>;

Contexts contextsOf(const Dictionary &dictionary, int layer, int feature) {
    if (!dictionary.index)
        throw Error(dictionary.noIndex);
    Contexts contexts;
    for (const Example &example : dictionary.index->top(layer, feature))
        contexts.push_back(wordsAround(dictionary, example.offset));
    return contexts;
}

int agreeing(const LabelPattern &pattern, const Contexts &contexts) {
    return static_cast<int>(
        std::count_if(contexts.begin(), contexts.end(), [&](const auto &words) { return agrees(pattern, words); }));
}

/// The fewest words that stand at this place in enough of the contexts; none where that takes too many.
std::vector<std::string> commonWords(const Contexts &contexts, size_t place) {
    std::map<std::string, int> counts;
    for (const auto &words : contexts)
        ++counts[words[place]];
    std::vector<std::pair<int, std::string>> ordered;
    for (const auto &[word, count] : counts)
        if (!word.empty())
            ordered.emplace_back(-count, word);
    std::sort(ordered.begin(), ordered.end());
    std::vector<std::string> common;
    double covered = 0;
    for (const auto &[count, word] : ordered) {
        if (covered >= LabelProposer::leastShare * static_cast<double>(contexts.size()))
            return common;
        if (common.size() == LabelProposer::mostWords)
            return {};
        common.push_back(word);
        covered -= count;
    }
    return covered >= LabelProposer::leastShare * static_cast<double>(contexts.size()) ? common
                                                                                       : std::vector<std::string>();
}

} // namespace

std::string labelWord(std::string_view token) {
    if (token.size() > 1 && token.starts_with(' '))
        token.remove_prefix(1);
    std::string word;
    for (const char c : token)
        if (c == '\n')
            word += "⏎";
        else
            word += c;
    return word;
}

std::string toLabel(const LabelPattern &pattern) {
    std::string text = list(pattern.token);
    for (const auto &[word, words] : {std::pair(afterWord, &pattern.after), std::pair(beforeWord, &pattern.before)})
        if (!words->empty())
            text += (text.empty() ? "" : " ") + std::string(word) + " " + list(*words);
    return text;
}

std::optional<LabelPattern> parseLabel(std::string_view label) {
    LabelPattern pattern;
    const auto take = [&](std::vector<std::string> &words) {
        auto taken = takeList(label);
        words = taken.value_or(std::vector<std::string>());
        return taken.has_value();
    };
    const bool neighboursOnly = label.starts_with("after ") || label.starts_with("before ");
    if (!neighboursOnly && !take(pattern.token))
        return std::nullopt;
    if (takeWord(label, afterWord) && !take(pattern.after))
        return std::nullopt;
    if (takeWord(label, beforeWord) && !take(pattern.before))
        return std::nullopt;
    return label.empty() ? std::optional(pattern) : std::nullopt;
}

LabelCheck checkLabel(const Dictionary &dictionary, int layer, int feature, const std::string &label) {
    const Contexts contexts = contextsOf(dictionary, layer, feature);
    LabelCheck check{layer, feature, label, false, 0, static_cast<int>(contexts.size())};
    if (const auto pattern = parseLabel(label)) {
        check.checkable = true;
        check.agreeing = agreeing(*pattern, contexts);
    }
    return check;
}

std::vector<LabelCheck> checkLabels(const Dictionary &dictionary, const FeatureNotes &notes) {
    std::vector<LabelCheck> checks;
    for (const auto &[name, note] : notes)
        if (!note.label.empty() && name.first < dictionary.layers() && name.second < dictionary.features())
            checks.push_back(checkLabel(dictionary, name.first, name.second, note.label));
    return checks;
}

LabelProposer::LabelProposer(const Dictionary &dictionary) : dictionary_(dictionary) {
    if (!dictionary.index)
        throw Error(dictionary.noIndex);
    for (int32_t id = 0; id < dictionary.model->tokenizer.vocabSize(); ++id)
        words_.push_back(labelWord(dictionary.model->tokenizer.text(id)));
    std::vector<int32_t> ids;
    const std::string *before = nullptr;
    for (int64_t from = 0; from < dictionary.tokens->size(); from += readAtOnce) {
        ids.resize(static_cast<size_t>(std::min(readAtOnce, dictionary.tokens->size() - from)));
        dictionary.tokens->read(from, ids);
        for (const int32_t id : ids) {
            const std::string &word = words_[static_cast<size_t>(id)];
            ++counts_[word];
            if (before)
                ++pairs_[*before + "\t" + word];
            before = &word;
        }
    }
}

/// Of the places where `second` stands, the share with `first` in front; or of those of `first`, with `second` behind.
double LabelProposer::shareOfPairs(const std::vector<std::string> &first, const std::vector<std::string> &second,
                                   bool ofSecond) const {
    int64_t together = 0, all = 0;
    for (const std::string &a : first)
        for (const std::string &b : second) {
            std::string pair = a;
            pair.append("\t").append(b);
            if (const auto found = pairs_.find(pair); found != pairs_.end())
                together += found->second;
        }
    for (const std::string &word : ofSecond ? second : first)
        if (const auto found = counts_.find(word); found != counts_.end())
            all += found->second;
    return all == 0 ? 1 : static_cast<double>(together) / static_cast<double>(all);
}

double LabelProposer::shareOfTokens(const std::vector<std::string> &words) const {
    int64_t count = 0;
    for (const std::string &word : words)
        if (const auto found = counts_.find(word); found != counts_.end())
            count += found->second;
    return static_cast<double>(count) / static_cast<double>(dictionary_.tokens->size());
}

std::optional<LabelCheck> LabelProposer::propose(int layer, int feature) const {
    constexpr double usual = 0.5, common = 0.2; // what is as frequent anyway says nothing
    const Contexts contexts = contextsOf(dictionary_, layer, feature);
    if (std::ssize(contexts) < leastExamples)
        return std::nullopt;
    const auto before = commonWords(contexts, 0), token = commonWords(contexts, 1), after = commonWords(contexts, 2);
    std::vector<LabelPattern> candidates; // the one that says most first
    if (!token.empty()) {
        const bool saysBefore = !before.empty() && shareOfPairs(before, token, true) < usual;
        const bool saysAfter = !after.empty() && shareOfPairs(token, after, false) < usual;
        if (saysBefore && saysAfter)
            candidates.push_back({token, before, after});
        if (saysBefore)
            candidates.push_back({token, before, {}});
        if (saysAfter)
            candidates.push_back({token, {}, after});
        candidates.push_back({token, {}, {}});
    } else {
        if (!before.empty() && shareOfTokens(before) < common)
            candidates.push_back({{}, before, {}});
        if (!after.empty() && shareOfTokens(after) < common)
            candidates.push_back({{}, {}, after});
    }
    const int examples = static_cast<int>(contexts.size());
    for (const LabelPattern &candidate : candidates) {
        const std::string label = toLabel(candidate);
        const int count = agreeing(candidate, contexts);
        if (count >= leastShare * examples && parseLabel(label) == candidate)
            return LabelCheck{layer, feature, label, true, count, examples};
    }
    return std::nullopt;
}

} // namespace tt
