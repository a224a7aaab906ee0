#include "core/text/story_generator.h"

#include <QElapsedTimer>
#include <QTest>

#include <algorithm>
#include <cctype>
#include <map>
#include <regex>
#include <set>
#include <unordered_set>

using namespace tt;

namespace {

constexpr int sampleSize = 20'000;

const std::vector<std::string> &sample() {
    static const std::vector<std::string> stories = [] {
        const StoryGenerator generator(42);
        std::vector<std::string> made;
        for (uint64_t i = 0; i < sampleSize; ++i)
            made.push_back(generator.story(i));
        return made;
    }();
    return stories;
}

std::vector<std::string> wordsOf(const std::string &story) {
    std::vector<std::string> words(1);
    for (const char c : story) {
        if (std::isalpha(static_cast<unsigned char>(c)) != 0 || c == '\'')
            words.back() += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
        else if (!words.back().empty())
            words.emplace_back();
    }
    if (words.back().empty())
        words.pop_back();
    return words;
}

size_t occurrences(const std::string &text, const std::string &part) {
    size_t count = 0;
    for (size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + part.size()))
        ++count;
    return count;
}

} // namespace

class TestStoryGenerator : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void a_story_depends_on_seed_and_index_only();
    void stories_are_clean_english_text();
    void stories_have_60_to_250_words();
    void the_vocabulary_is_that_of_a_small_child();
    void stories_differ();
    void most_stories_open_with_once_upon_a_time();
    void a_lost_toy_comes_back_by_its_name();
    void pronouns_fit_the_hero();
    void nouns_agree_with_numbers();
    void candles_count_the_years();
    void a_hundred_thousand_stories_take_less_than_a_minute();
};

void TestStoryGenerator::a_story_depends_on_seed_and_index_only() {
    const StoryGenerator generator(42), other(43);
    for (const uint64_t index : {19'999U, 0U, 1234U, 7U})
        QCOMPARE(generator.story(index), sample()[index]);
    QVERIFY(other.story(0) != generator.story(0));
    QVERIFY(!generator.story(UINT64_MAX).empty());
}

void TestStoryGenerator::stories_are_clean_english_text() {
    // Every fourth story: std::regex is slow.
    const std::regex wrong(
        R"(  | [,.!?]|\{|\}|\[|\]|\||\*|//|\ba [aeiou](?!ne\b|ni|se)|\ban (?!hour)[^aeiou]|[.!?] [a-z]|\b(\w+) \1\b|\.\.|,,|\n\n\n|"\w[^"\n]*\n)");
    for (size_t i = 0; i < sample().size(); i += 4) {
        const std::string &story = sample()[i];
        QVERIFY2(std::all_of(story.begin(), story.end(), [](char c) { return c == '\n' || (c >= ' ' && c <= '~'); }),
                 story.c_str());
        std::smatch match;
        const bool found = std::regex_search(story, match, wrong);
        QVERIFY2(!found, (match.str() + " in: " + story).c_str());
        QVERIFY2(std::isupper(static_cast<unsigned char>(story.front())) != 0, story.c_str());
        QVERIFY2(story.back() == '.' || story.back() == '"' || story.back() == '!' || story.back() == '?',
                 story.c_str());
        size_t begin = 0;
        while (begin < story.size()) { // quotes close in their paragraph
            const size_t end = std::min(story.find("\n\n", begin), story.size());
            QVERIFY2(std::count(story.begin() + static_cast<long>(begin), story.begin() + static_cast<long>(end), '"') %
                             2 ==
                         0,
                     story.c_str());
            begin = end + 2;
        }
    }
}

void TestStoryGenerator::stories_have_60_to_250_words() {
    for (const std::string &story : sample()) {
        const auto words = 1 + std::count_if(story.begin(), story.end(), [](char c) { return c == ' '; }) +
                           static_cast<std::ptrdiff_t>(occurrences(story, "\n\n"));
        QVERIFY2(words >= 60 && words <= 250, story.c_str());
    }
}

void TestStoryGenerator::the_vocabulary_is_that_of_a_small_child() {
    std::set<std::string> vocabulary;
    for (const std::string &story : sample()) {
        for (std::string &word : wordsOf(story))
            vocabulary.insert(std::move(word));
    }
    qInfo("%zu different words", vocabulary.size());
    QVERIFY(vocabulary.size() >= 1300 && vocabulary.size() <= 1900);
}

void TestStoryGenerator::stories_differ() {
    // Of a pool of N equally likely stories, n draws collide about n² / 2N times; with N = 10⁶ and n = 10⁵ that would
    // be 5,000 collisions. A handful allows for a pool of 10⁹.
    const StoryGenerator generator(1);
    std::unordered_set<std::string> all;
    constexpr int draws = 100'000;
    for (uint64_t i = 0; i < draws; ++i)
        all.insert(generator.story(i));
    QVERIFY2(all.size() >= draws - 5, std::to_string(all.size()).c_str());
}

void TestStoryGenerator::most_stories_open_with_once_upon_a_time() {
    const auto once = std::count_if(sample().begin(), sample().end(),
                                    [](const std::string &story) { return story.starts_with("Once upon a time, "); });
    QVERIFY(once > sampleSize * 6 / 10 && once < sampleSize * 9 / 10);
    for (const std::string &story : sample())
        QCOMPARE(occurrences(story, "Once upon a "), occurrences(story, "Once upon a time"));
}

void TestStoryGenerator::a_lost_toy_comes_back_by_its_name() {
    const std::regex lost(R"(I lost my (\w+ [a-z]+)[!,])");
    int found = 0;
    for (const std::string &story : sample()) {
        std::smatch match;
        if (!std::regex_search(story, match, lost))
            continue;
        ++found;
        QVERIFY2(occurrences(story, match[1].str()) >= 3, story.c_str());
    }
    QVERIFY(found > 100);
}

void TestStoryGenerator::pronouns_fit_the_hero() {
    const std::regex hero(R"(^[^.]*? (girl|boy) named (\w+)(?: who [^.]*)?\. (She|He) )");
    std::map<std::string, int> seen;
    for (const std::string &story : sample()) {
        std::smatch match;
        if (!std::regex_search(story, match, hero))
            continue;
        QVERIFY2((match[1] == "girl") == (match[3] == "She"), story.c_str());
        ++seen[match[1]];
    }
    QVERIFY(seen["girl"] > 500 && seen["boy"] > 500);
}

void TestStoryGenerator::nouns_agree_with_numbers() {
    const std::regex one(R"(\bA (\w+ )?\w+ (were|are) )");
    const std::regex many(R"(\b(Three|Four|Five|Six|Seven|Eight) (\w+) (was|is) )");
    int plural = 0;
    for (const std::string &story : sample()) {
        QVERIFY2(!std::regex_search(story, one), story.c_str());
        QVERIFY2(!std::regex_search(story, many), story.c_str());
        plural += story.find(" were sleeping") != std::string::npos ? 1 : 0;
    }
    QVERIFY(plural > 100);
}

void TestStoryGenerator::candles_count_the_years() {
    const std::regex years(R"((\w+) years old)"), candles(R"((\w+) candles: ([a-z, ]+)[.!])");
    int checked = 0;
    for (const std::string &story : sample()) {
        std::smatch age, cake;
        if (!std::regex_search(story, age, years) || !std::regex_search(story, cake, candles))
            continue;
        ++checked;
        QCOMPARE(cake[1].str(), age[1].str());
        QVERIFY2(cake[2].str().ends_with(age[1].str()), story.c_str());
    }
    QVERIFY(checked > 100);
}

void TestStoryGenerator::a_hundred_thousand_stories_take_less_than_a_minute() {
    const StoryGenerator generator(9);
    QElapsedTimer timer;
    timer.start();
    size_t bytes = 0;
    for (uint64_t i = 0; i < 5'000; ++i)
        bytes += generator.story(i).size();
    QVERIFY(bytes > 0);
    qInfo("%.0f stories a second", 5e6 / static_cast<double>(std::max<qint64>(timer.elapsed(), 1)));
    QVERIFY(timer.elapsed() < 3'000);
}

QTEST_APPLESS_MAIN(TestStoryGenerator)
#include "test_story_generator.moc"
