#include "ui/fail_on_warning.h"
#include "ui/sample_workspace.h"

#include "ui/help/glossary.h"
#include "ui/help/manual.h"
#include "ui/help/manual_window.h"
#include "ui/help/term_help.h"
#include "ui/theme.h"
#include "ui/window/main_window.h"

#include <QAction>
#include <QApplication>
#include <QHeaderView>
#include <QHelpEvent>
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>
#include <QRegularExpression>
#include <QScrollBar>
#include <QSettings>
#include <QTableView>
#include <QTemporaryDir>
#include <QTest>
#include <QTextBlock>
#include <QTextBrowser>
#include <QToolTip>
#include <QTreeWidget>

#include <set>

using namespace tt;

class TestManual : public QObject {
    Q_OBJECT
    FailOnWarning failOnWarning_;
    QTemporaryDir settings_;

private Q_SLOTS:
    void initTestCase() {
        QSettings::setPath(QSettings::NativeFormat, QSettings::UserScope, settings_.path());
        qputenv("TT_COLOR_SCHEME", "light");
        applyTheme(*qApp);
    }
    void cleanup() { QSettings(QStringLiteral("TinyTranscoder"), QStringLiteral("TinyTranscoder")).clear(); }

    void every_page_has_a_title_and_something_to_say() {
        std::set<QString> titles;
        for (const ManualPage &page : manualPages()) {
            QVERIFY2(page.markdown.size() > 400, qPrintable(page.name));
            QVERIFY2(page.markdown.startsWith(QStringLiteral("# ")), qPrintable(page.name));
            QVERIFY2(!page.headings.isEmpty(), qPrintable(page.name));
            QVERIFY2(titles.insert(page.title).second, qPrintable(page.title));
        }
        QVERIFY(titles.size() >= 11);
    }

    void every_link_leads_to_a_page_and_a_heading_of_it() {
        static const QRegularExpression link(QStringLiteral("\\]\\(([^)#]*)#?([^)]*)\\)"));
        int links = 0;
        for (const ManualPage &page : manualPages()) {
            auto found = link.globalMatch(page.markdown);
            while (found.hasNext()) {
                const auto match = found.next();
                QString name = match.captured(1);
                const ManualPage *to = name.isEmpty() ? &page : manualPage(name.remove(QStringLiteral(".md")));
                QVERIFY2(to, qPrintable(page.name + u' ' + match.captured(0)));
                const QString heading = match.captured(2).replace(u'_', u' ');
                QVERIFY2(heading.isEmpty() || to->headings.contains(heading), qPrintable(match.captured(0)));
                ++links;
            }
        }
        QVERIFY(links > 5);
    }

    void a_search_finds_every_paragraph_with_all_the_words() {
        const auto matches = searchManual(QStringLiteral("held patterns"));
        QVERIFY(!matches.empty());
        for (const ManualMatch &match : matches) {
            QVERIFY(match.line.contains(QStringLiteral("held"), Qt::CaseInsensitive));
            QVERIFY(match.line.contains(QStringLiteral("patterns"), Qt::CaseInsensitive));
        }
        QVERIFY(searchManual(QStringLiteral("xylophone")).empty());
        QVERIFY(searchManual(QStringLiteral("  ")).empty());
        QCOMPARE(searchManual(QStringLiteral("node THRESHOLD")).front().heading, QStringLiteral("Node threshold"));
    }

    void the_window_shows_contents_pages_and_what_a_search_finds() {
        ManualWindow manual;
        manual.show();
        QVERIFY(QTest::qWaitForWindowActive(&manual));
        auto *list = manual.findChild<QTreeWidget *>();
        auto *text = manual.findChild<QTextBrowser *>();
        auto *search = manual.findChild<QLineEdit *>();
        QCOMPARE(list->topLevelItemCount(), static_cast<int>(manualPages().size()));
        QVERIFY(text->toPlainText().startsWith(manualPages().front().title));
        manual.open(QStringLiteral("circuits"), QStringLiteral("Groups"));
        QVERIFY(text->toPlainText().startsWith(QStringLiteral("Circuits")));
        QVERIFY(text->verticalScrollBar()->value() > 0);
        QCOMPARE(text->textCursor().block().text(), QStringLiteral("Groups"));
        QTest::keyClicks(search, QStringLiteral("cross-layer"));
        QVERIFY(list->topLevelItemCount() > 1);
        QCOMPARE(list->topLevelItemCount(), static_cast<int>(searchManual(QStringLiteral("cross-layer")).size()));
        list->setCurrentItem(list->topLevelItem(0));
        QCOMPARE(manual.page(), searchManual(QStringLiteral("cross-layer")).front().page);
        QTest::keyClick(search, Qt::Key_Escape);
        QCOMPARE(list->topLevelItemCount(), static_cast<int>(manualPages().size()));
        QTest::keyClick(&manual, Qt::Key_Escape);
        QVERIFY(!manual.isVisible());
    }

    void f1_opens_it_at_the_place_and_at_what_has_the_focus() {
        MainWindow window;
        window.setWorkspace(windowsample::workspace());
        window.setPromptFeatures(windowsample::onceUponATime());
        window.show();
        QVERIFY(QTest::qWaitForWindowExposed(&window));
        window.activateWindow();
        QTRY_VERIFY(window.isActiveWindow());
        QAction *manual = nullptr;
        for (QAction *action : window.findChildren<QAction *>())
            if (action->shortcut() == QKeySequence(Qt::Key_F1))
                manual = action;
        QVERIFY(manual);
        window.goTo(MainWindow::Place::Train);
        manual->trigger();
        auto *shown = window.findChild<ManualWindow *>();
        QVERIFY(shown && shown->isVisible());
        QCOMPARE(shown->page(), QStringLiteral("train"));
        window.goTo(MainWindow::Place::Features);
        QWidget *prompt = nullptr;
        for (QWidget *widget : window.findChildren<QWidget *>())
            if (widget->accessibleName() == QStringLiteral("Prompt"))
                prompt = widget;
        QVERIFY(prompt);
        QCOMPARE(ManualWindow::headingFor(prompt, QStringLiteral("features")), QStringLiteral("Prompt"));
        QCOMPARE(ManualWindow::headingFor(nullptr, QStringLiteral("features")), QString());
        manual->trigger();
        QCOMPARE(shown->page(), QStringLiteral("features"));
        QCOMPARE(window.findChildren<ManualWindow *>().size(), 1);
    }

    void terms_are_found_as_whole_words_the_longer_first() {
        const auto names = [](const QString &text) {
            QStringList out;
            for (const GlossaryTerm &term : termsIn(text))
                out << term.names.front();
            return out;
        };
        QCOMPARE(names(QStringLiteral("FVU and L0")), (QStringList{QStringLiteral("FVU"), QStringLiteral("L0")}));
        QCOMPARE(names(QStringLiteral("Node threshold")), QStringList{QStringLiteral("Node threshold")});
        QCOMPARE(names(QStringLiteral("dead features")), QStringList{QStringLiteral("Dead features")});
        QCOMPARE(names(QStringLiteral("all tokens")), QStringList{QStringLiteral("Token")});
        QVERIFY(names(QStringLiteral("multilayer xFVUx lossless")).isEmpty());
        for (const GlossaryTerm &term : glossary())
            QVERIFY2(term.meaning.size() > 10 && term.meaning.endsWith(u'.'), qPrintable(term.names.front()));
    }

    /// The words of the field that the window uses: each has help where it stands.
    void terms_have_help_where_they_appear_data() {
        QTest::addColumn<QString>("term");
        for (const char *term : {"FVU", "CE recovered", "dead", "L0", "Node threshold", "Edge threshold", "Target",
                                 "learning rate", "loss", "density"})
            QTest::newRow(term) << QString::fromLatin1(term);
    }
    void terms_have_help_where_they_appear() {
        QFETCH(QString, term);
        MainWindow window;
        window.setWorkspace(windowsample::workspace());
        window.setPromptFeatures(windowsample::onceUponATime());
        window.show();
        const auto entry = termsIn(term);
        QCOMPARE(entry.size(), size_t{1});
        int places = 0;
        const auto look = [&](const QWidget &widget, QPoint point) {
            const QString says = TermHelp::textAt(widget, point);
            if (!says.contains(term, Qt::CaseInsensitive))
                return;
            const auto all = termsIn(says);
            const bool named = std::any_of(all.begin(), all.begin() + std::min<qsizetype>(2, std::ssize(all)),
                                           [&](const GlossaryTerm &each) { return each.names == entry[0].names; });
            if (!named)
                return; // a longer text names others first
            QString tip = TermHelp::toolTipAt(widget, point);
            tip.replace(u'\n', u' ');
            QVERIFY2(tip.contains(entry[0].meaning), qPrintable(says + QStringLiteral(": ") + tip));
            ++places;
        };
        for (QWidget *widget : window.findChildren<QWidget *>()) {
            if (auto *header = qobject_cast<QHeaderView *>(widget)) {
                for (int i = 0; i < header->count(); ++i)
                    look(*header, QPoint(header->sectionViewportPosition(i) + 1, 1));
            } else {
                look(*widget, QPoint(1, 1));
            }
        }
        QVERIFY2(places > 0, "nowhere in the window");
    }

    void pointing_at_a_term_shows_its_meaning() {
        MainWindow window; // brings the help along
        window.show();
        QLabel label(QStringLiteral("CE recovered"), &window);
        label.show();
        QHelpEvent event(QEvent::ToolTip, QPoint(2, 2), label.mapToGlobal(QPoint(2, 2)));
        QVERIFY(QApplication::sendEvent(&label, &event));
        QVERIFY(
            QToolTip::text().replace(u'\n', u' ').contains(termsIn(QStringLiteral("CE recovered")).front().meaning));
        QToolTip::hideText();
        QTRY_VERIFY(!QToolTip::isVisible());
        QLabel plain(QStringLiteral("nothing special"), &window);
        QHelpEvent other(QEvent::ToolTip, QPoint(2, 2), plain.mapToGlobal(QPoint(2, 2)));
        QApplication::sendEvent(&plain, &other);
        QVERIFY(!QToolTip::isVisible());
    }
};

QTEST_MAIN(TestManual)
#include "test_manual.moc"
