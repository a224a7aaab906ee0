#include "ui/features/snapshot_bar.h"

#include "ui/figures/words.h"
#include "ui/widgets/roles.h"

#include <QCheckBox>
#include <QHBoxLayout>
#include <QLabel>
#include <QSignalBlocker>
#include <QSlider>

namespace tt {

SnapshotBar::SnapshotBar(QWidget *parent)
    : QWidget(parent), slider_(new QSlider(Qt::Horizontal, this)), text_(new QLabel(this)),
      follow_(new QCheckBox(tr("Follow the training"), this)) {
    setGround(this, &Theme::alternate);
    auto *layout = new QHBoxLayout(this);
    layout->setContentsMargins(scaled(16), scaled(6), scaled(16), scaled(6));
    layout->setSpacing(scaled(12));
    auto *title = new QLabel(tr("State of training"), this);
    setInk(title, Ink::Secondary);
    title->setBuddy(slider_);
    slider_->setAccessibleName(tr("State of training"));
    slider_->setToolTip(tr("Shows the features as they were after earlier steps\n←/→ one state"));
    slider_->setPageStep(1);
    follow_->setAccessibleName(follow_->text());
    follow_->setToolTip(tr("Shows the newest checkpoint every few seconds; the training goes on undisturbed"));
    layout->addWidget(title);
    layout->addWidget(slider_, 1);
    layout->addWidget(text_);
    layout->addWidget(follow_);
    connect(slider_, &QSlider::valueChanged, this, [this] {
        showStep();
        if (step() >= 0)
            follow_->setChecked(false);
        Q_EMIT stepChosen(step());
    });
    connect(follow_, &QCheckBox::toggled, this, [this](bool follow) {
        if (follow)
            slider_->setValue(slider_->maximum());
        Q_EMIT followChanged(follow);
    });
    setSteps({});
}

void SnapshotBar::setSteps(const std::vector<int64_t> &steps) {
    const qint64 shown = step();
    steps_ = steps;
    const QSignalBlocker block(slider_);
    const auto last = static_cast<int>(steps_.size());
    slider_->setMaximum(last);
    int place = last;
    for (int i = 0; i < last; ++i)
        if (steps_[static_cast<size_t>(i)] == shown)
            place = i;
    slider_->setValue(place);
    slider_->setEnabled(last > 0);
    showStep();
    setVisible(training_ || !steps_.empty());
}

void SnapshotBar::setTraining(bool training) {
    training_ = training;
    follow_->setVisible(training);
    setVisible(training_ || !steps_.empty());
}

bool SnapshotBar::follows() const {
    return training_ && follow_->isChecked();
}

qint64 SnapshotBar::step() const {
    const int place = slider_->value();
    return place < std::ssize(steps_) ? steps_[static_cast<size_t>(place)] : -1;
}

void SnapshotBar::showStep() {
    const QString text = step() < 0 ? tr("newest") : tr("after step %1").arg(count(step()));
    text_->setText(text);
    slider_->setAccessibleDescription(text);
}

} // namespace tt
