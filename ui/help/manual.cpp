#include "ui/help/manual.h"

#include <QFile>
#include <QRegularExpression>

#include <algorithm>

/// The pages lie in a static library: the linker would drop their registration.
static void usePages() {
    Q_INIT_RESOURCE(manual);
}

namespace tt {

namespace {

const QStringList order{QStringLiteral("start"),         QStringLiteral("ideas"),    QStringLiteral("data"),
                        QStringLiteral("train"),         QStringLiteral("features"), QStringLiteral("circuits"),
                        QStringLiteral("interventions"), QStringLiteral("figures"),  QStringLiteral("files"),
                        QStringLiteral("command-line"),  QStringLiteral("glossary")};

ManualPage read(const QString &name) {
    QFile file(QStringLiteral(":/manual/%1.md").arg(name));
    ManualPage page{.name = name, .title = name, .markdown = {}, .headings = {}};
    if (!file.open(QIODevice::ReadOnly))
        return page;
    page.markdown = QString::fromUtf8(file.readAll());
    const QStringList lines = page.markdown.split(u'\n');
    for (const QString &line : lines) {
        if (line.startsWith(QStringLiteral("# ")))
            page.title = line.mid(2);
        else if (line.startsWith(QStringLiteral("## ")))
            page.headings << line.mid(3);
    }
    return page;
}

/// A line of Markdown as a person reads it.
QString plain(QString line) {
    static const QRegularExpression link(QStringLiteral("\\[([^\\]]*)\\]\\([^)]*\\)"));
    line.replace(link, QStringLiteral("\\1"));
    line.remove(QStringLiteral("**")).remove(u'`').replace(u'|', u' ');
    return line.simplified();
}

} // namespace

const std::vector<ManualPage> &manualPages() {
    static const std::vector<ManualPage> pages = [] {
        usePages();
        std::vector<ManualPage> all;
        for (const QString &name : order)
            all.push_back(read(name));
        return all;
    }();
    return pages;
}

const ManualPage *manualPage(const QString &name) {
    const auto &pages = manualPages();
    const auto found =
        std::find_if(pages.begin(), pages.end(), [&](const ManualPage &page) { return page.name == name; });
    return found == pages.end() ? nullptr : &*found;
}

std::vector<ManualMatch> searchManual(const QString &query) {
    const QStringList words = query.simplified().split(u' ', Qt::SkipEmptyParts);
    if (words.isEmpty())
        return {};
    const auto holds = [&](const QString &text) {
        return std::all_of(words.begin(), words.end(),
                           [&](const QString &word) { return text.contains(word, Qt::CaseInsensitive); });
    };
    std::vector<ManualMatch> inHeadings, inText;
    for (const ManualPage &page : manualPages()) {
        QString heading;
        const QStringList paragraphs = page.markdown.split(QStringLiteral("\n\n"));
        for (const QString &paragraph : paragraphs) {
            const bool isHeading = paragraph.startsWith(u'#');
            if (paragraph.startsWith(QStringLiteral("## ")))
                heading = paragraph.section(u'\n', 0, 0).mid(3);
            const QString text = plain(isHeading ? paragraph.mid(paragraph.indexOf(u' ') + 1) : paragraph);
            if (holds(text))
                (isHeading ? inHeadings : inText).push_back({page.name, heading, text});
        }
    }
    inHeadings.insert(inHeadings.end(), inText.begin(), inText.end());
    return inHeadings;
}

} // namespace tt
