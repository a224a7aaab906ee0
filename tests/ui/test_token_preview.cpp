#include "ui/fail_on_warning.h"

#include "core/text/corpus.h"
#include "ui/data/frequent_tokens.h"
#include "ui/data/preview_pane.h"
#include "ui/data/token_layout.h"
#include "ui/data/token_preview.h"
#include "ui/figures/facts_row.h"
#include "ui/theme.h"

#include <QAbstractItemModelTester>
#include <QAccessible>
#include <QApplication>
#include <QPushButton>
#include <QSignalSpy>
#include <QSpinBox>
#include <QTest>
#include <QToolButton>

using namespace tt;

namespace {

/// A preview of these tokens; "" is end of text, which has id 0.
StoryPreview previewOf(const std::vector<std::string> &tokens) {
    StoryPreview preview{
        .corpus = "c", .tokenizer = "t", .stories = 1, .corpusStories = 10, .ids = {}, .vocabulary = {}};
    std::map<std::string, int32_t> ids{{"", 0}};
    preview.vocabulary.push_back({.id = 0, .bytes = std::string(endOfTextMark), .left = {}, .right = {}});
    for (const std::string &token : tokens) {
        const auto [at, added] = ids.emplace(token, static_cast<int32_t>(ids.size()));
        if (added)
            preview.vocabulary.push_back({.id = at->second,
                                          .bytes = token,
                                          .left = token.size() > 1 ? token.substr(0, 1) : "",
                                          .right = token.size() > 1 ? token.substr(1) : ""});
        preview.ids.push_back(at->second);
    }
    return preview;
}

/// Ten pixels a character.
int widthOf(const QString &text) {
    return static_cast<int>(10 * text.size());
}

TokenLayout layOut(const std::vector<std::string> &tokens, int width) {
    return layOutTokens(previewOf(tokens), width, widthOf, QStringLiteral("end"));
}

} // namespace

class TestTokenPreview : public QObject {
    Q_OBJECT
    FailOnWarning failOnWarning_;

private Q_SLOTS:
    void initTestCase() {
        qputenv("TT_COLOR_SCHEME", "light");
        applyTheme(*qApp);
    }

    void tokens_stand_side_by_side_and_break_between_them() {
        const TokenLayout layout = layOut({"Once", " upon", " a", " time"}, 100);
        QCOMPARE(layout.pieces.size(), size_t{4});
        QCOMPARE(layout.pieces[1].x, 40);
        QCOMPARE(layout.pieces[1].line, 0);
        QCOMPARE(layout.pieces[2].line, 1); // 90 + 20 pixels do not fit
        QCOMPARE(layout.pieces[2].x, 0);
        QCOMPARE(layout.pieces[3].x, 20);
        QCOMPARE(layout.lines, 2);
    }
    void a_line_ends_behind_a_line_feed_and_behind_a_story() {
        const TokenLayout layout = layOut({"One", ".\n\n", "Two", "", "Three"}, 1000);
        QCOMPARE(layout.pieces[1].text, QStringLiteral(".↵↵"));
        QCOMPARE(layout.pieces[2].line, 1);
        QVERIFY(layout.pieces[3].endOfText);
        QCOMPARE(layout.pieces[3].line, 1);
        QCOMPARE(layout.pieces[4].line, 2);
    }
    void a_token_wider_than_a_line_is_cut_into_pieces() {
        const TokenLayout layout = layOut({"a", "0123456789abcdefghijklmno", "b"}, 100);
        QString joined;
        for (const TokenPiece &piece : layout.pieces) {
            QVERIFY(piece.x + piece.width <= 100);
            if (piece.token == 1)
                joined += piece.text;
        }
        QCOMPARE(joined, QStringLiteral("0123456789abcdefghijklmno"));
        QCOMPARE(layout.firstOfToken, (std::vector<int>{0, 1, 4}));
        QCOMPARE(layout.pieces[4].x, 50); // behind the last five letters
    }
    void a_character_of_two_words_is_not_cut() {
        const TokenLayout layout = layOut({"😀😀😀😀"}, 30);
        for (const TokenPiece &piece : layout.pieces)
            QVERIFY2(piece.text.isValidUtf16(), qPrintable(piece.text));
    }
    void bytes_that_are_no_text_are_shown_as_such() {
        QCOMPARE(layOut({"\xE2\x80"}, 1000).pieces[0].text, QStringLiteral("⟨E2 80⟩"));
    }
    void nothing_has_no_lines() { QCOMPARE(layOut({}, 100).lines, 0); }

    void keys_and_clicks_choose_a_token() {
        TokenPreview view;
        view.resize(300, 200);
        view.show();
        QVERIFY(QTest::qWaitForWindowExposed(&view));
        std::vector<std::string> words;
        for (int i = 0; i < 300; ++i)
            words.push_back(" word" + std::to_string(i % 50));
        view.setPreview(previewOf(words));
        QSignalSpy chosen(&view, &TokenPreview::tokenChosen);
        QTest::mouseClick(view.viewport(), Qt::LeftButton, {}, view.tokenRect(2).center());
        QCOMPARE(view.chosen(), 2);
        QTest::keyClick(&view, Qt::Key_Right);
        QCOMPARE(view.chosen(), 3);
        QTest::keyClick(&view, Qt::Key_Left);
        QCOMPARE(chosen.last().first().toInt(), 2);
        const QRect before = view.tokenRect(2);
        QTest::keyClick(&view, Qt::Key_Down);
        QVERIFY(view.tokenRect(view.chosen()).top() > before.top());
        QTest::keyClick(&view, Qt::Key_Up);
        QCOMPARE(view.tokenRect(view.chosen()).top(), before.top());
        QTest::keyClick(&view, Qt::Key_End);
        QCOMPARE(view.chosen(), 299);
        QVERIFY(view.viewport()->rect().contains(view.tokenRect(299))); // scrolled into view
        QTest::keyClick(&view, Qt::Key_Home);
        QVERIFY(view.viewport()->rect().contains(view.tokenRect(0)));
        QTest::keyClick(&view, Qt::Key_Escape);
        QCOMPARE(view.chosen(), -1);
    }
    void a_screen_reader_finds_every_token() {
        TokenPreview view;
        view.resize(300, 200);
        view.show();
        view.setPreview(previewOf({"Once", " upon", "\xE2\x80", "", " upon"}));
        QAccessibleInterface *list = QAccessible::queryAccessibleInterface(&view);
        QVERIFY(list);
        QCOMPARE(list->text(QAccessible::Name), QStringLiteral("Preview"));
        QCOMPARE(list->role(), QAccessible::List);
        QCOMPARE(list->childCount(), 5);
        QStringList names;
        for (int i = 0; i < list->childCount(); ++i) {
            QAccessibleInterface *token = list->child(i);
            QVERIFY(token && token->isValid());
            QCOMPARE(list->indexOfChild(token), i);
            QCOMPARE(token->parent(), list);
            names << token->text(QAccessible::Name);
        }
        QCOMPARE(names, (QStringList{"Once", " upon", "⟨E2 80⟩", "end of text", " upon"}));
        view.choose(1);
        QVERIFY(list->child(1)->state().selected);
        view.setPreview(previewOf({"One"}));
        QCOMPARE(list->childCount(), 1);
        QVERIFY(!list->child(1));
    }
    void the_pane_asks_shows_and_explains() {
        PreviewPane pane;
        pane.resize(656, 500);
        pane.show();
        QSignalSpy asked(&pane, &PreviewPane::previewRequested), counts(&pane, &PreviewPane::countsRequested);
        pane.lookAt(QStringLiteral("c"), QStringLiteral("t"), 10);
        QCOMPARE(asked.size(), 1);
        QCOMPARE(counts.first().at(2).toBool(), false);
        StoryPreview other = previewOf({"Not", " wanted"});
        other.corpus = "older";
        pane.setPreview(other); // of a request before
        QCOMPARE(pane.tokens()->count(), 0);
        pane.setPreview(previewOf({"Once", " upon", ""}));
        QCOMPARE(pane.tokens()->count(), 3);
        TokenCounts sample;
        sample.statistics = {.corpus = "c",
                             .tokenizer = "t",
                             .stories = 5,
                             .bytes = 900,
                             .tokens = 300,
                             .corpusStories = 10,
                             .counts = {100, 150, 50}};
        sample.vocabulary = 3;
        sample.frequent = {{"Once", 150}, {std::string(endOfTextMark), 100}, {" upon", 50}};
        pane.setCounts(sample);
        const auto facts = pane.findChildren<FactsRow *>();
        const auto has = [&](const QString &word, const QString &figure) {
            for (const FactsRow *row : facts)
                for (const FactsRow::Fact &fact : row->facts())
                    if (fact.word == word && fact.figure == figure)
                        return true;
            return false;
        };
        QVERIFY(has(QStringLiteral("tokens, about"), QStringLiteral("600"))); // 60 a story, 10 stories
        QVERIFY(has(QStringLiteral("bytes per token"), QStringLiteral("3.00")));
        QVERIFY(has(QStringLiteral("tokens per story"), QStringLiteral("60.0")));
        pane.tokens()->choose(1);
        QVERIFY(has(QStringLiteral("token"), QStringLiteral("␣upon")));
        QVERIFY(has(QStringLiteral("in the sample"), QStringLiteral("50")));
        QVERIFY(has(QStringLiteral("made from"), QStringLiteral("␣ + upon")));
        auto *all = pane.findChild<QPushButton *>();
        QCOMPARE(all->accessibleName(), QStringLiteral("Count every story"));
        QVERIFY(all->isVisible());
        all->click();
        QCOMPARE(counts.last().at(2).toBool(), true);
        sample.statistics.complete = true;
        pane.setCounts(sample);
        QVERIFY(!all->isVisible());
        QVERIFY(has(QStringLiteral("tokens"), QStringLiteral("300")));
        for (auto *button : pane.findChildren<QToolButton *>())
            if (button->accessibleName() == QStringLiteral("Next story"))
                button->click();
        QCOMPARE(asked.last().at(2).toLongLong(), 1);
    }
    void the_most_frequent_tokens_are_listed_with_their_share() {
        FrequentTokens table;
        TokenCounts counts;
        counts.statistics.tokens = 400;
        counts.frequent = {{" the", 100}, {"\n", 7}};
        table.setCounts(counts);
        const QAbstractItemModelTester tester(table.model());
        QCOMPARE(table.model()->index(0, FrequentTokensModel::Token).data().toString(), QStringLiteral("␣the"));
        QCOMPARE(table.model()->index(0, FrequentTokensModel::Share).data().toString(), QStringLiteral("25.00"));
        QCOMPARE(table.model()->index(1, FrequentTokensModel::Token).data().toString(), QStringLiteral("↵"));
        QCOMPARE(table.model()->index(1, FrequentTokensModel::Share).data().toString(), QStringLiteral("1.75"));
        QCOMPARE(table.accessibleName(), QStringLiteral("Most frequent tokens"));
    }
};

QTEST_MAIN(TestTokenPreview)
#include "test_token_preview.moc"
