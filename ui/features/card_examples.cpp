#include "ui/features/card_examples.h"

#include "ui/features/examples_list.h"
#include "ui/figures/words.h"
#include "ui/theme.h"
#include "ui/widgets/empty_state.h"
#include "ui/widgets/section_header.h"

#include <QButtonGroup>
#include <QHBoxLayout>
#include <QStackedWidget>
#include <QToolButton>
#include <QVBoxLayout>

#include <algorithm>

namespace tt {

CardExamples::CardExamples(QWidget *parent)
    : QWidget(parent), title_(new SectionHeader(tr("Examples"), this, 32)), parts_(new QButtonGroup(this)),
      pages_(new QStackedWidget(this)), none_(new EmptyState(pages_)), view_(new ExamplesView(pages_)) {
    auto *row = new QHBoxLayout;
    row->setContentsMargins(0, 0, scaled(12), 0);
    row->setSpacing(0);
    row->addWidget(title_, 1);
    const std::pair<QString, QString> names[] = {{tr("Top"), tr("The 20 strongest, repeats of one story merged")},
                                                 {tr("Quantiles"), tr("Five samples of each tenth of its activations")},
                                                 {tr("Both"), tr("The strongest, then samples of each tenth")}};
    for (int i = 0; i < 3; ++i) {
        auto *button = new QToolButton(this);
        button->setText(names[i].first);
        button->setAccessibleName(names[i].first);
        button->setToolTip(names[i].second);
        button->setCheckable(true);
        button->setChecked(i == 2);
        button->hide();
        parts_->addButton(button, i);
        row->addWidget(button);
    }
    pages_->addWidget(none_);
    pages_->addWidget(view_);
    none_->setContent(QStringLiteral("features"), tr("Reading the index"),
                      tr("Examples appear as soon as it is read."));
    auto *layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(0);
    layout->addLayout(row);
    layout->addWidget(pages_, 1);
    connect(parts_, &QButtonGroup::idClicked, this,
            [this](int part) { view_->examples()->setPart(static_cast<ExamplesModel::Part>(part)); });
    connect(none_, &EmptyState::primaryRequested, this, &CardExamples::indexRequested);
    connect(none_, &EmptyState::otherRequested, this, &CardExamples::indexStopRequested);
    connect(view_, &ExamplesView::promptRequested, this, &CardExamples::promptRequested);
    connect(view_, &ExamplesView::storyRequested, this, &CardExamples::storyRequested);
}

void CardExamples::setIndex(bool indexed, const QString &whyNot) {
    indexed_ = indexed;
    whyNot_ = whyNot;
    has_ = false;
    showPage();
}

void CardExamples::setReadOnly(bool readOnly) {
    readOnly_ = readOnly;
    showPage();
}

void CardExamples::setIndexing(bool running, double share, const QString &text) {
    indexing_ = running;
    if (running)
        none_->setContent(QStringLiteral("features"), tr("Indexing the corpus, %1").arg(percent(std::max(0.0, share))),
                          text, QString(), tr("Stop indexing"));
    showPage();
}

void CardExamples::setExamples(const FeatureExamples &examples, float maximum) {
    has_ = true;
    view_->examples()->setExamples(examples, maximum);
    title_->setNote(examples.top.empty() ? QString() : tr("click opens the story"));
    showPage();
}

void CardExamples::showPage() {
    const bool dead = has_ && view_->examples()->isEmpty();
    if (!indexing_ && !indexed_)
        none_->setContent(QStringLiteral("features"), tr("No examples yet"),
                          whyNot_.isEmpty() ? tr("One pass over the corpus finds where every feature fires.") : whyNot_,
                          readOnly_ ? QString() : tr("Index the corpus"));
    else if (!indexing_ && dead)
        none_->setContent(QStringLiteral("features"), tr("It never fires"),
                          tr("This feature is dead: it is silent on the whole corpus."));
    const bool list = indexed_ && !indexing_ && !dead;
    pages_->setCurrentWidget(list ? static_cast<QWidget *>(view_) : none_);
    for (QAbstractButton *button : parts_->buttons())
        button->setVisible(list);
}

} // namespace tt
