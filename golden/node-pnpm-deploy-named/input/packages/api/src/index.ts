import express from 'express';import fs from 'fs';fs.readFileSync('/repo/data.json');express().listen(1)
