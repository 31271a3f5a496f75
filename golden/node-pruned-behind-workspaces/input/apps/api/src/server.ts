import { PORT } from "@shop/types";
import express from "express";

express().listen(PORT);
