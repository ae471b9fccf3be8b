select hide_aside();
