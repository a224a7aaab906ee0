#include "ui/help/manual_window.h"

#include "ui/help/manual.h"
#include "ui/icons/icons.h"
#include "ui/theme.h"
#include "ui/widgets/roles.h"
#include "ui/widgets/section_header.h"

#include <QAbstractTextDocumentLayout>
#include <QEvent>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QLabel>
#include <QLineEdit>
#include <QScrollBar>
#include <QShortcut>
#include <QSplitter>
#include <QTextBlock>
#include <QTextBrowser>
#include <QTreeWidget>
#include <QVBoxLayout>

#include <algorithm>
#include <utility>

namespace tt {

namespace {
constexpr int pageRole = Qt::UserRole, headingRole = Qt::UserRole + 1;

QTreeWidgetItem *itemFor(const QString &text, const QString &page, const QString &heading) {
    auto *item = new QTreeWidgetItem(QStringList{text});
    item->setData(0, pageRole, page);
    item->setData(0, headingRole, heading);
    item->setToolTip(0, text);
    item->setSizeHint(0, QSize(0, std::max(scaled(24), QFontMetrics(tt::font(TextRole::Body)).height() + scaled(8))));
    return item;
}
} // namespace

ManualWindow::ManualWindow(QWidget *parent)
    : QWidget(parent, Qt::Window), search_(new QLineEdit(this)), found_(new QLabel(this)), list_(new QTreeWidget(this)),
      text_(new QTextBrowser(this)) {
    setWindowTitle(tr("TinyTranscoder manual"));
    setAccessibleName(tr("Manual"));
    resize(scaled(960), scaled(720));
    search_->setAccessibleName(tr("Search the manual"));
    search_->setPlaceholderText(tr("Search the manual"));
    search_->setToolTip(tr("Shows every paragraph that holds all these words\nCtrl+F"));
    search_->addAction(icon(QStringLiteral("search")), QLineEdit::LeadingPosition);
    search_->setClearButtonEnabled(true);
    setTextRole(found_, TextRole::Secondary);
    setInk(found_, Ink::Secondary);
    list_->setAccessibleName(tr("Contents"));
    list_->setHeaderHidden(true);
    list_->setFrameShape(QFrame::NoFrame);
    list_->setUniformRowHeights(true);
    list_->setIndentation(scaled(16));
    text_->setAccessibleName(tr("Page"));
    text_->setFrameShape(QFrame::NoFrame);
    text_->setOpenLinks(false);

    auto *side = new QWidget(this);
    auto *sideLayout = new QVBoxLayout(side);
    sideLayout->setContentsMargins(scaled(8), scaled(8), 0, 0);
    sideLayout->setSpacing(scaled(4));
    sideLayout->addWidget(search_);
    sideLayout->addWidget(found_);
    sideLayout->addWidget(list_, 1);
    auto *splitter = new QSplitter(Qt::Horizontal, this);
    splitter->setChildrenCollapsible(false);
    splitter->addWidget(side);
    splitter->addWidget(text_);
    splitter->setStretchFactor(1, 1);
    splitter->setSizes({scaled(272), scaled(688)});
    auto *layout = new QHBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->addWidget(splitter);

    connect(search_, &QLineEdit::textChanged, this, &ManualWindow::search);
    connect(list_, &QTreeWidget::currentItemChanged, this, [this](QTreeWidgetItem *item) { follow(item); });
    connect(list_, &QTreeWidget::itemClicked, this, [this](QTreeWidgetItem *item) { follow(item); });
    connect(text_, &QTextBrowser::anchorClicked, this, [this](const QUrl &url) {
        open(url.path().isEmpty() ? page_ : url.path().section(u'.', 0, 0),
             url.fragment(QUrl::FullyDecoded).replace(u'_', u' '));
    });
    connect(new QShortcut(QKeySequence::Find, this), &QShortcut::activated, this, [this] {
        search_->setFocus(Qt::ShortcutFocusReason);
        search_->selectAll();
    });
    connect(new QShortcut(QKeySequence(Qt::Key_Escape), this), &QShortcut::activated, this, [this] {
        if (search_->text().isEmpty())
            close();
        else
            search_->clear();
    });
    showContents();
    open(QStringLiteral("start"));
}

void ManualWindow::showContents() {
    list_->clear();
    for (const ManualPage &page : manualPages()) {
        QTreeWidgetItem *item = itemFor(page.title, page.name, {});
        list_->addTopLevelItem(item);
        for (const QString &heading : page.headings)
            item->addChild(itemFor(heading, page.name, heading));
    }
    found_->hide();
}

void ManualWindow::search(const QString &query) {
    if (query.simplified().isEmpty())
        return showContents();
    list_->clear();
    const auto matches = searchManual(query);
    for (const ManualMatch &match : matches) {
        const ManualPage *page = manualPage(match.page);
        const QString where = match.heading.isEmpty() ? page->title : tr("%1 ▸ %2").arg(page->title, match.heading);
        QTreeWidgetItem *item = itemFor(where, match.page, match.heading);
        item->setToolTip(0, match.line);
        list_->addTopLevelItem(item);
    }
    found_->setText(matches.empty()       ? tr("Nothing found. Other words may be in it.")
                    : matches.size() == 1 ? tr("1 place")
                                          : tr("%1 places").arg(matches.size()));
    found_->show();
}

void ManualWindow::follow(QTreeWidgetItem *item) {
    if (item)
        open(item->data(0, pageRole).toString(), item->data(0, headingRole).toString());
}

void ManualWindow::open(const QString &name, const QString &heading) {
    const ManualPage *page = manualPage(name);
    if (!page)
        return;
    if (page_ != name) {
        page_ = name;
        text_->document()->setDocumentMargin(scaled(24));
        text_->setMarkdown(page->markdown);
        fit();
    }
    goTo(heading);
}

/// Room between blocks, and headings in the program's own sizes.
void ManualWindow::fit() {
    QTextCursor cursor(text_->document());
    cursor.beginEditBlock();
    for (QTextBlock block = text_->document()->begin(); block.isValid(); block = block.next()) {
        QTextBlockFormat format = block.blockFormat();
        const int level = format.headingLevel();
        format.setTopMargin(scaled(level > 1 ? 20 : 4));
        format.setBottomMargin(scaled(6));
        format.setLineHeight(118, QTextBlockFormat::ProportionalHeight);
        cursor.setPosition(block.position());
        cursor.setBlockFormat(format);
        if (level == 0)
            continue;
        cursor.movePosition(QTextCursor::EndOfBlock, QTextCursor::KeepAnchor);
        QTextCharFormat text;
        const QFont base = tt::font(TextRole::Heading);
        text.setFontPointSize(base.pointSizeF() * (level == 1 ? 1.35 : 1.0));
        text.setFontWeight(base.weight());
        cursor.mergeCharFormat(text);
    }
    cursor.endEditBlock();
}

void ManualWindow::goTo(const QString &heading) {
    for (QTextBlock block = text_->document()->begin(); block.isValid() && !heading.isEmpty(); block = block.next())
        if (block.blockFormat().headingLevel() == 2 && block.text().compare(heading, Qt::CaseInsensitive) == 0) {
            const QRectF place = text_->document()->documentLayout()->blockBoundingRect(block);
            text_->verticalScrollBar()->setValue(static_cast<int>(place.top()));
            text_->setTextCursor(QTextCursor(block));
            text_->verticalScrollBar()->setValue(static_cast<int>(place.top()));
            return;
        }
    text_->verticalScrollBar()->setValue(0);
}

QString ManualWindow::headingFor(const QWidget *widget, const QString &name) {
    const ManualPage *page = manualPage(name);
    for (; page && widget; widget = widget->parentWidget())
        for (const QString &heading : page->headings)
            if (!widget->accessibleName().isEmpty() &&
                heading.compare(widget->accessibleName(), Qt::CaseInsensitive) == 0)
                return heading;
    return {};
}

void ManualWindow::changeEvent(QEvent *event) {
    if ((event->type() == QEvent::PaletteChange || event->type() == QEvent::FontChange) && !page_.isEmpty()) {
        const int place = text_->verticalScrollBar()->value();
        const QString name = std::exchange(page_, {});
        open(name);
        text_->verticalScrollBar()->setValue(place);
    }
    QWidget::changeEvent(event);
}

} // namespace tt
